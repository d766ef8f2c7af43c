// port-server is what listens in the guest of a test: web pages, downloads, uploads, a WebSocket, an echo.
//
//	port-server http:127.0.0.1:8080 https::8443 echo:[::1]:7 greet:10.77.0.16:2525
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	for _, place := range os.Args[1:] {
		kind, address, _ := strings.Cut(place, ":")
		listener, err := net.Listen("tcp", address)
		if err != nil {
			log.Fatal(err)
		}
		go serve(kind, listener)
	}
	fmt.Println("listening")
	select {}
}

func serve(kind string, listener net.Listener) {
	switch kind {
	case "http":
		log.Fatal(http.Serve(listener, pages()))
	case "https":
		log.Fatal(http.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate()}}), pages()))
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer conn.Close()
			if kind == "greet" {
				io.WriteString(conn, "220 hello\r\n")
			}
			io.Copy(conn, conn)
		}()
	}
}

func pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello from %s\n", r.Host) })
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) {
		count, _ := strconv.ParseInt(r.FormValue("count"), 10, 64)
		w.Header().Set("content-length", strconv.FormatInt(count, 10))
		io.CopyN(w, mathrand.NewChaCha8([32]byte{7}), count)
	})
	mux.HandleFunc("/hash", func(w http.ResponseWriter, r *http.Request) {
		hash := sha256.New()
		if r.Method == http.MethodPost {
			io.Copy(hash, r.Body)
		} else {
			count, _ := strconv.ParseInt(r.FormValue("count"), 10, 64)
			io.CopyN(hash, mathrand.NewChaCha8([32]byte{7}), count)
		}
		fmt.Fprint(w, hex.EncodeToString(hash.Sum(nil)))
	})
	mux.HandleFunc("/socket", socket)
	return mux
}

// socket says back what it is told, in the frames of RFC 6455 as far as short ones go.
func socket(w http.ResponseWriter, r *http.Request) {
	key := sha1.Sum([]byte(r.Header.Get("sec-websocket-key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	conn, stream, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(key[:]))
	echo(conn, stream.Reader)
}

func echo(conn net.Conn, from *bufio.Reader) {
	for {
		head := make([]byte, 6)
		if _, err := io.ReadFull(from, head); err != nil || head[1]&0x7f > 125 {
			return
		}
		payload := make([]byte, head[1]&0x7f)
		if _, err := io.ReadFull(from, payload); err != nil {
			return
		}
		for i := range payload {
			payload[i] ^= head[2+i%4]
		}
		conn.Write(append([]byte{head[0], byte(len(payload))}, payload...))
		if head[0]&0xf == 8 {
			return
		}
	}
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
