// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// dialTime is how long a switch may take to show its key.
const dialTime = 10 * time.Second

// knownKey returns the fingerprint that a switch must have: the one that is named, the one that
// was known before, or the one that somebody at the terminal says is right.
func (a *app) knownKey(ctx context.Context, f *farSwitch, at string) (trust.Digest, error) {
	if f.key != "" {
		d, err := trust.ParseDigest(f.key)
		if err != nil {
			return d, usageError{fmt.Errorf("--switch-key: %w", err)}
		}
		return d, nil
	}
	file, err := knownFile()
	if err != nil {
		return trust.Digest{}, err
	}
	known, there, err := readKnown(file, at)
	if there || err != nil {
		return known, err
	}
	shown, err := shownKey(ctx, at)
	if err != nil {
		return trust.Digest{}, err
	}
	in, ok := a.in.(*os.File)
	if !ok || !isTerminal(in) {
		return trust.Digest{}, &linkspan.Error{
			Code: linkspan.Unauthenticated, Message: fmt.Sprintf("the key of %s is not known; it shows %s", at, shown),
			Hint: "compare it with show system there, and give it with --switch-key or LINKSPAN_SWITCH_KEY",
		}
	}
	fmt.Fprintf(a.err, "The key of %s is not known yet. It shows\n  %s\nshow system on the switch has it as api_key. Is it the same? (yes or no) ", at, shown)
	answer, err := readLine(bufio.NewReader(one{in}))
	if err != nil {
		return trust.Digest{}, err
	}
	if answer != "yes" {
		return trust.Digest{}, &linkspan.Error{Code: linkspan.Unauthenticated, Message: "the key of " + at + " is not trusted"}
	}
	return shown, writeKnown(file, at, shown)
}

// shownKey asks a switch for its key, and nothing else.
func shownKey(ctx context.Context, at string) (got trust.Digest, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true}} // nobody is trusted yet, and nothing is sent
	conn, err := d.DialContext(ctx, "tcp", at)
	if err != nil {
		return got, &linkspan.Error{Code: linkspan.Unavailable, Message: at + " does not answer as a switch does", Hint: "its API is served once its configuration has users; linkspan serve switch --help (--api)", Err: err}
	}
	got = trust.FingerprintOf(conn.(*tls.Conn).ConnectionState().PeerCertificates[0])
	return got, conn.Close()
}

// knownFile is where the keys of switches are kept, a line for each: host:port and fingerprint.
func knownFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", &linkspan.Error{Code: linkspan.Invalid, Message: "there is no folder for known switches", Hint: "name the switch's key with --switch-key", Err: err}
	}
	return filepath.Join(dir, "linkspan", "switches"), nil
}

func readKnown(file, at string) (d trust.Digest, there bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return d, false, nil
	}
	if err != nil {
		return d, false, err
	}
	for i, line := range strings.Split(string(text), "\n") {
		if name, print, ok := strings.Cut(line, " "); ok && name == at {
			if d, err = trust.ParseDigest(strings.TrimSpace(print)); err != nil {
				return d, false, fmt.Errorf("%s: line %d: %w", file, i+1, err)
			}
			return d, true, nil
		}
	}
	return d, false, nil
}

func writeKnown(file, at string, d trust.Digest) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s\n", at, d)
	return errors.Join(err, f.Close())
}
