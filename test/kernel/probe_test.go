// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/netns"
)

// roles is the program's second part: in containers it does what busybox has no
// applet for.
//
//	probe offloads eth0            print which offloads are on
//	probe receive :5000 FILE       write the SHA-256 of what one connection brings
//	probe send 10.7.0.3:5000 8     send MiB of random bytes and print their SHA-256
//	probe expire 10.7.0.3:9 5000   send so many datagrams that live for one hop, print how long it took
func roles() map[string]func([]string) error {
	return map[string]func([]string) error{"offloads": offloads, "receive": receive, "send": send, "expire": expire}
}

func offloads(args []string) error {
	on, err := netns.Offloads(args[0])
	fmt.Println(strings.Join(on, " "))
	return err
}

func receive(args []string) error {
	listener, err := net.Listen("tcp4", args[0])
	if err != nil {
		return err
	}
	defer listener.Close()
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, conn); err != nil {
		return err
	}
	return os.WriteFile(args[1], fmt.Appendf(nil, "%x", sum.Sum(nil)), 0o644)
}

func send(args []string) error {
	mebibytes, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	conn, err := dial(args[0], time.Now().Add(time.Minute))
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.CopyN(io.MultiWriter(sum, conn), rand.Reader, int64(mebibytes)<<20)
	if err := errors.Join(err, conn.Close()); err != nil {
		return err
	}
	fmt.Printf("%x\n", sum.Sum(nil))
	return nil
}

// dial waits for a listener.
func dial(address string, deadline time.Time) (net.Conn, error) {
	for {
		conn, err := net.DialTimeout("tcp4", address, time.Until(deadline))
		if err == nil || !errors.Is(err, unix.ECONNREFUSED) || time.Now().After(deadline) {
			return conn, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func expire(args []string) error {
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	to, err := net.ResolveUDPAddr("udp4", args[0])
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := oneHop(conn); err != nil {
		return err
	}
	began := time.Now()
	for range count {
		// An answer to an earlier one may come back as an error.
		_, _ = conn.WriteToUDP([]byte("x"), to)
	}
	fmt.Println(time.Since(began))
	return nil
}

func oneHop(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var setting error
	err = raw.Control(func(fd uintptr) { setting = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TTL, 1) })
	return errors.Join(err, setting)
}
