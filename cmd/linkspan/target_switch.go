// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/trust"
)

// switchPort is where a switch serves its API.
const switchPort = "8443"

// passwordVariable is where the password of a user of a switch is looked for.
const passwordVariable = "LINKSPAN_PASSWORD"

// farSwitch is a switch elsewhere, and who speaks to it.
type farSwitch struct {
	name string // [USER@]HOST[:PORT]; empty: none
	key  string // fingerprint; empty: as it was known before, or is asked for
	file string // with the password; empty: the variable, or it is asked for
	cert string // file with a certificate of a user and its key; empty: a password
}

// of adds the flags to a command that is about one switch, and returns it.
func (f *farSwitch) of(c *cobra.Command) *cobra.Command {
	flags := c.PersistentFlags()
	flags.StringVar(&f.name, "switch", os.Getenv("LINKSPAN_SWITCH"), "speak to the switch at this `address`, [USER@]HOST[:PORT], and not to this host's (LINKSPAN_SWITCH)")
	flags.StringVar(&f.key, "switch-key", os.Getenv("LINKSPAN_SWITCH_KEY"), "`fingerprint` of its key, as show system has it there; asked about once if none is given (LINKSPAN_SWITCH_KEY)")
	flags.StringVar(&f.file, "password-file", "", "take the user's password from this `file` (default: "+passwordVariable+", or it is asked for)")
	flags.StringVar(&f.cert, "cert-file", "", "show the certificate of a user in this `file`, with its key, instead of a password")
	for _, name := range []string{"switch", "switch-key"} {
		flags.Lookup(name).DefValue = "" // help is the same in every environment
	}
	return c
}

// address returns who speaks, and host:port.
func (f *farSwitch) address() (name, at string, err error) {
	name, at, named := strings.Cut(f.name, "@")
	if !named {
		name, at = "", f.name
	}
	if _, _, err := net.SplitHostPort(at); err != nil {
		at = net.JoinHostPort(strings.Trim(at, "[]"), switchPort)
	}
	host, port, err := net.SplitHostPort(at)
	_, wrong := strconv.ParseUint(port, 10, 16)
	if err != nil || wrong != nil || host == "" || strings.ContainsAny(host, "/@ ") {
		return "", "", usageError{fmt.Errorf("--switch %s: [USER@]HOST[:PORT] is expected, such as ann@edge1", f.name)}
	}
	if name == "" && f.cert == "" {
		own, err := user.Current()
		if err != nil {
			return "", "", err
		}
		name = own.Username
	}
	return name, at, nil
}

// farTransport returns a way to the switch, over which requests say who speaks.
func (a *app) farTransport(ctx context.Context, f *farSwitch) (http.RoundTripper, string, error) {
	name, at, err := f.address()
	if err != nil {
		return nil, "", err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true} // it is known by its key
	if f.cert != "" {
		pair, err := readPair(f.cert)
		if err != nil {
			return nil, "", err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	known, err := a.knownKey(ctx, f, at)
	if err != nil {
		return nil, "", err
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if got := trust.FingerprintOf(state.PeerCertificates[0]); !got.Equal(known) {
			return otherKey(at, got)
		}
		return nil
	}
	t := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	if f.cert != "" {
		return t, "https://" + at, nil
	}
	typed, err := a.passwordOf(ctx, f, name, at)
	return &withPassword{t, name, typed}, "https://" + at, err
}

// withPassword sends a name and a password with each request.
type withPassword struct {
	*http.Transport
	name, typed string
}

// RoundTrip implements http.RoundTripper.
func (w *withPassword) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth(w.name, w.typed)
	return w.Transport.RoundTrip(r)
}

// passwordOf returns the password of a user: from the file that is named, the environment, or
// the terminal.
func (a *app) passwordOf(ctx context.Context, f *farSwitch, name, at string) (string, error) {
	if f.file != "" {
		text, err := trust.ReadSecret(f.file)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	if typed := os.Getenv(passwordVariable); typed != "" {
		return typed, nil
	}
	in, ok := a.in.(*os.File)
	if !ok || !isTerminal(in) {
		return "", &linkspan.Error{Code: linkspan.Unauthenticated, Message: "the password of " + name + " is not known", Hint: "put it into " + passwordVariable + " or a file, and name that with --password-file"}
	}
	show, err := hideTyping(in)
	if err != nil {
		return "", err
	}
	defer show()
	defer context.AfterFunc(ctx, show)() // an interrupt must not leave the terminal without echo
	fmt.Fprintf(a.err, "Password of %s at %s: ", name, at)
	typed, err := readLine(bufio.NewReader(one{in}))
	fmt.Fprintln(a.err)
	return typed, err
}

// one reads a byte at a time, so that what comes behind a line is left.
type one struct{ io.Reader }

func (o one) Read(p []byte) (int, error) { return o.Reader.Read(p[:min(1, len(p))]) }

// readPair reads a certificate and its key, both in PEM.
func readPair(path string) (tls.Certificate, error) {
	text, err := trust.ReadSecret(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return pair, &linkspan.Error{Code: linkspan.Invalid, Op: "--cert-file " + path, Message: "it has not a certificate and its key in PEM", Err: err}
	}
	return pair, nil
}

func otherKey(at string, got trust.Digest) error {
	return &linkspan.Error{
		Code: linkspan.Unauthenticated, Message: fmt.Sprintf("%s has another key than the one that is known, %s", at, got),
		Hint: "somebody may be in between; if its key is new, compare it with show system there and name it with --switch-key",
	}
}

// switchClient returns a client of the switch that is named, and otherwise of this host's.
func (a *app) switchClient(ctx context.Context, means string) (*api.Client, error) {
	if a.far.name == "" {
		return a.target.by(means)
	}
	if a.target.socket != "" && os.Getenv("LINKSPAN_SOCKET") == "" {
		return nil, usageError{errors.New("--switch and --socket: only one of them")}
	}
	transport, base, err := a.farTransport(ctx, &a.far)
	if err != nil {
		return nil, err
	}
	return api.NewClient(&http.Client{Transport: transport}, base), nil
}
