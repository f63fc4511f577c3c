// Copyright 2026 The service-with-healthchecks authors
// SPDX-License-Identifier: Apache-2.0

// Command launcher starts a program of this product with the Node runtime that lies beside it. It is one static
// file, so the images need no shell and the hooks need no libraries of the host. The name that it is installed
// under selects the program:
//
//	ROOT/bin/NAME      runs ROOT/app/NAME.cjs with ROOT/runtime/node
//	DIR/NAME           runs DIR/lib/NAME.bin, a single executable, when that file exists
//
// The process is replaced: same pid, same signals, same standard streams.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// nodeFlags bound how far the heap grows beyond what lives in it, which Node would let become three times as much: the
// memory of a thousand agents counts for more than some more collections, and in steady work next to nothing of what a
// probe leaves behind gets there. A young generation of 2 MB instead of 1 is collected half as often, and grows to that
// only in an agent that runs thousands of probes a second. What lives through the backlog of a start must not make V8
// place its like with what lasts from then on. The agent itself collects what a start leaves behind.
var nodeFlags = []string{
	"--max-semi-space-size=2", "--heap-growing-percent=10", "--no-allocation-site-pretenuring", "--expose-gc",
	"--disable-warning=ExperimentalWarning",
}

// mallocVariables make glibc give memory back. Heaps of their own for Node's threads, which none of them gives back, held a
// tenth of an agent's memory, and what is larger than 8 kB, passing buffers mostly, left as much in holes between what lasts.
// glibc maps it only where it finds no room, and would keep 128 kB of that in stock: without it the heap of a start is
// 4 MB smaller, and a probe with a fresh TLS connection costs 7 % more. The kernel lets a process map 65,530 times:
// thousands of TLS connections must leave V8 its share.
var mallocVariables = []string{
	"MALLOC_ARENA_MAX=1", "MALLOC_MMAP_THRESHOLD_=8192", "MALLOC_MMAP_MAX_=8192", "MALLOC_TOP_PAD_=0",
}

// unwanted variables would change how Node or the loader behave; the host's values are not meant for this runtime.
var unwanted = []string{
	"NODE_OPTIONS", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "OPENSSL_CONF", "LD_PRELOAD", "LD_LIBRARY_PATH",
	"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_TOP_PAD_",
}

func main() {
	if err := launch(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		os.Exit(127)
	}
}

func launch() error {
	self, err := ownPath()
	if err != nil {
		return err
	}
	dir, name := filepath.Dir(self), filepath.Base(self)
	lib, program := programFor(dir, name)
	loader := filepath.Join(lib, "ld.so")
	argv := []string{loader, "--library-path", lib, "--argv0", os.Args[0]}
	argv = append(argv, program...)
	argv = append(argv, os.Args[1:]...)
	if err := syscall.Exec(loader, argv, environment()); err != nil {
		return fmt.Errorf("start %s: %w; build or unpack the program again", loader, err)
	}
	return nil
}

// ownPath works without /proc, which a chroot may lack.
func ownPath() (string, error) {
	path := os.Args[0]
	if !strings.Contains(path, "/") {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("find %s: %w", path, err)
		}
		path = found
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

func programFor(dir, name string) (lib string, program []string) {
	single := filepath.Join(dir, "lib", name+".bin")
	if _, err := os.Stat(single); err == nil {
		return filepath.Join(dir, "lib"), []string{single}
	}
	root := filepath.Dir(dir)
	program = append([]string{filepath.Join(root, "runtime", "node")}, nodeFlags...)
	return filepath.Join(root, "runtime", "lib"), append(program, filepath.Join(root, "app", name+".cjs"))
}

func environment() []string {
	kept := make([]string, 0, len(os.Environ()))
	for _, entry := range os.Environ() {
		if !isUnwanted(entry) {
			kept = append(kept, entry)
		}
	}
	return append(kept, mallocVariables...)
}

func isUnwanted(entry string) bool {
	for _, name := range unwanted {
		if strings.HasPrefix(entry, name+"=") {
			return true
		}
	}
	return false
}
