// A goroutine a connection: goroutine-go paper|like
package main

import (
	"fmt"
	"net"
	"os"
)

func take(peer net.Conn, paper bool) {
	defer peer.Close()
	size := 4096
	if paper {
		size = 1024 // bytes, as the paper's server in Go
	}
	data := make([]byte, size)
	for {
		count, err := peer.Read(data)
		if count > 0 && paper {
			fmt.Printf("%q\n", data[:count]) // unbuffered, as os.Stdout is
		} else if count > 0 {
			os.Stdout.Write(data[:count])
		}
		if err != nil {
			return
		}
	}
}

func main() {
	if len(os.Args) != 2 || (os.Args[1] != "paper" && os.Args[1] != "like") {
		fmt.Fprintf(os.Stderr, "usage: %s paper|like\n", os.Args[0])
		os.Exit(2)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err == nil {
		os.Stdout, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "READY %s\n", listener.Addr())
	for {
		peer, err := listener.Accept()
		if err == nil {
			go take(peer, os.Args[1] == "paper")
		}
	}
}
