// The one file of an image that has nothing else: it says what it was started as.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

func main() {
	dir, _ := os.Getwd()
	fmt.Println("args:", strings.Join(os.Args[1:], " "))
	fmt.Printf("user: %d:%d\n", os.Getuid(), os.Getgid())
	fmt.Println("directory:", dir)
	env := os.Environ()
	sort.Strings(env)
	for _, variable := range env {
		fmt.Println("env:", variable)
	}
}
