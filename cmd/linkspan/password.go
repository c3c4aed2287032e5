// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/password"
)

func (a *app) passwordCommand() *cobra.Command {
	return &cobra.Command{
		Use: "password", Short: "make the hash of a password, for users of a switch", Args: exactly(0),
		Long: `Ask for a password, twice and without showing it, and print its hash (argon2id), which is what the
configuration has: set system users NAME password-hash 'HASH'. Where standard input is no terminal its
first line is the password.`,
		Example: "  linkspan password\n  pass show edge1/ann | linkspan password",
		RunE: func(cmd *cobra.Command, _ []string) error {
			typed, err := a.askPassword(cmd.Context())
			if err != nil {
				return err
			}
			hash, err := password.Hash(typed, rand.Reader)
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, hash)
			return nil
		},
	}
}

// askPassword reads a password, from a terminal twice.
func (a *app) askPassword(ctx context.Context) (string, error) {
	lines := bufio.NewReader(a.in)
	f, ok := a.in.(*os.File)
	if !ok || !isTerminal(f) {
		return readLine(lines)
	}
	show, err := hideTyping(f)
	if err != nil {
		return "", err
	}
	defer show()
	defer context.AfterFunc(ctx, show)() // an interrupt must not leave the terminal without echo
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(a.err, prompt)
		typed[i], err = readLine(lines)
		fmt.Fprintln(a.err)
		if err != nil {
			return "", err
		}
	}
	if typed[0] != typed[1] {
		return "", &linkspan.Error{Code: linkspan.Invalid, Message: "the two are not the same"}
	}
	return typed[0], nil
}

// readLine reads a line without its end.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// hideTyping keeps a terminal from showing what is typed, until show is called.
func hideTyping(f *os.File) (show func(), err error) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }, nil // it was possible before
}
