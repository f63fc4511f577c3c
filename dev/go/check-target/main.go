// Copyright 2026 The service-with-healthchecks authors
// SPDX-License-Identifier: Apache-2.0

// Command check-target answers health checks on a range of ports of all addresses, with as little work of its own as
// the kernel allows, so that a benchmark measures whoever checks. It counts what arrives:
//
//	check-target -control 10.0.0.1:9000 -first-port 8000 -ports 40
//
// GET /counts on the control address gives {"connections":N,"requests":N}. Requests get 200; the connection is closed
// after the answer when the request asks for it, as servers do.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"net/http"
	"runtime"
	"sync/atomic"
	"syscall"
)

const (
	backlog     = 4096
	eventsATurn = 256
	// A check is one small segment: what does not come whole in one read is no request of a check.
	longestRequest = 4096
)

var (
	connections atomic.Int64
	requests    atomic.Int64
	kept        = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n")
	closed      = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
	endOfHead   = []byte("\r\n\r\n")
	asksToClose = []byte("connection: close")
)

func main() {
	control := flag.String("control", "127.0.0.1:9000", "address that serves /counts")
	firstPort := flag.Int("first-port", 8000, "the first port that is answered on")
	ports := flag.Int("ports", 1, "how many ports are answered on")
	flag.Parse()
	http.HandleFunc("/counts", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(answer, `{"connections":%d,"requests":%d}`, connections.Load(), requests.Load())
	})
	go func() { log.Fatal(serve(*firstPort, *ports)) }()
	log.Fatal(http.ListenAndServe(*control, nil))
}

func serve(firstPort, ports int) error {
	runtime.LockOSThread()
	poll, err := syscall.EpollCreate1(0)
	if err != nil {
		return err
	}
	listeners := map[int32]bool{}
	for port := firstPort; port < firstPort+ports; port++ {
		listener, err := listen(port)
		if err != nil {
			return fmt.Errorf("listen on port %d: %w", port, err)
		}
		listeners[int32(listener)] = true
		if err := watch(poll, listener); err != nil {
			return err
		}
	}
	events := make([]syscall.EpollEvent, eventsATurn)
	buffer := make([]byte, longestRequest)
	for {
		count, err := syscall.EpollWait(poll, events, -1)
		if err != nil && err != syscall.EINTR {
			return err
		}
		for index := 0; index < count; index++ {
			if file := events[index].Fd; listeners[file] {
				accept(poll, int(file))
			} else {
				answer(int(file), buffer)
			}
		}
	}
}

func listen(port int) (int, error) {
	file, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.SetsockoptInt(file, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := syscall.Bind(file, &syscall.SockaddrInet4{Port: port}); err != nil {
		return 0, err
	}
	return file, syscall.Listen(file, backlog)
}

func watch(poll, file int) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(file)}
	return syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, file, &event)
}

func accept(poll, listener int) {
	for {
		file, _, err := syscall.Accept4(listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		connections.Add(1)
		if watch(poll, file) != nil {
			syscall.Close(file)
		}
	}
}

func answer(file int, buffer []byte) {
	count, err := syscall.Read(file, buffer)
	if err == syscall.EAGAIN {
		return
	}
	request := buffer[:max(count, 0)]
	if err != nil || !bytes.HasSuffix(request, endOfHead) {
		syscall.Close(file)
		return
	}
	requests.Add(1)
	if bytes.Contains(bytes.ToLower(request), asksToClose) {
		syscall.Write(file, closed)
		syscall.Close(file)
		return
	}
	syscall.Write(file, kept)
}
