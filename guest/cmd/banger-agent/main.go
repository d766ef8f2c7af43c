// banger-agent is the program inside of every guest: the initrd's /init, and the process that answers the host.
package main

import (
	"fmt"
	"os"

	"banger.dev/guest/internal/pid1"
	"banger.dev/guest/internal/sshd"
)

// build is set by scripts/build-agent.sh.
var build = "dev"

func main() {
	switch {
	case os.Getpid() == 1:
		pid1.Run()
	case len(os.Args) == 2 && os.Args[1] == "serve":
		serve(build)
	case len(os.Args) == 2 && os.Args[1] == sshd.SFTPCommand:
		if sshd.ServeSFTP() != nil {
			os.Exit(1)
		}
	case len(os.Args) == 2 && os.Args[1] == "version":
		fmt.Println(build)
	default:
		fmt.Fprintln(os.Stderr, "usage: banger-agent version (anything else is for process 1 of a guest)")
		os.Exit(2)
	}
}
