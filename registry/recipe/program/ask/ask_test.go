// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestAsk(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			question, _ := bufio.NewReader(c).ReadString('\n')
			_, _ = io.WriteString(c, strings.TrimPrefix(question, "silence\n"))
			_ = c.Close()
		}
	}()
	var out strings.Builder
	if err := ask(socket, "who", &out); err != nil || out.String() != "who\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if err := ask(socket, "silence", io.Discard); err == nil {
		t.Error("no answer is an answer")
	}
	_ = l.Close()
	if err := ask(socket, "who", io.Discard); err == nil {
		t.Error("nobody answers")
	}
}
