// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/login"
	"github.com/linkspan/linkspan/trust"
)

// loggingIn is what linkspan login is told.
type loggingIn struct {
	app          *app
	place        login.Place
	user         string
	passwordFile string
	ca           string
	fingerprint  string
}

func (a *app) loginCommand() *cobra.Command {
	l := loggingIn{app: a, place: login.Here()}
	c := &cobra.Command{
		Use: "login [REGISTRY]", Short: "log in to a registry", Args: usageArgs(cobra.MaximumNArgs(1)),
		Long: `Log in to a registry, HOST:PORT, and keep name and password where Docker keeps them, and the registry's CA
where dockerd finds it, so that docker, skopeo and oras can use the registry, too. Without REGISTRY the one that
announces itself on this subnet is asked. The password is asked for; where standard input is no terminal its first
line is the password.

The CA of a registry that is not known here is compared: with --ca FILE, with --fingerprint, or by you.`,
		Example: `  linkspan login registry.example.org:5000 --user ann
  pass show registry | linkspan login 10.0.0.1:5000 --user ci --fingerprint sha256:7a74...`,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := l.host(cmd.Context(), args)
			if err != nil {
				return err
			}
			return l.run(cmd.Context(), host)
		},
	}
	c.Flags().StringVarP(&l.user, "user", "u", "", "`name` of the user")
	c.Flags().StringVar(&l.passwordFile, "password-file", "", "read the password from the first line of this `file`")
	c.Flags().StringVar(&l.ca, "ca", "", "`file` with the certificate of the registry's CA")
	c.Flags().StringVar(&l.fingerprint, "fingerprint", "", "take the registry's CA if it has this `fingerprint`, which the registry logs at its start")
	return c
}

// host returns the registry that was named, or the one that announces itself.
func (l *loggingIn) host(ctx context.Context, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], login.CheckHost(args[0])
	}
	return discoverRegistry(ctx)
}

func (l *loggingIn) run(ctx context.Context, host string) error {
	ca, err := l.authority(ctx, host)
	if err != nil {
		return err
	}
	if ca != nil {
		if err := l.place.KeepCA(host, ca); err != nil {
			return err
		}
	}
	lines := bufio.NewReader(l.app.in)
	f, ok := l.app.in.(*os.File)
	asking := ok && isTerminal(f)
	if l.user == "" {
		if !asking {
			return usageError{fmt.Errorf("--user is needed where nobody can be asked")}
		}
		fmt.Fprint(l.app.err, "User: ")
		if l.user, err = readLine(lines); err != nil {
			return err
		}
	}
	secret, err := l.secret(ctx, lines, f, asking)
	if err != nil {
		return err
	}
	client, err := l.place.HTTP(host)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	c := login.Credential{Name: l.user, Secret: secret}
	if err := login.Prove(ctx, client, host, c); err != nil {
		return err
	}
	if err := l.place.Keep(host, c); err != nil {
		return err
	}
	fmt.Fprintf(l.app.out, "logged in to %s as %s; the password is in %s\n", host, l.user, l.place.Config)
	return nil
}

// secret returns the password.
func (l *loggingIn) secret(ctx context.Context, lines *bufio.Reader, f *os.File, asking bool) (string, error) {
	if l.passwordFile != "" {
		file, err := os.Open(l.passwordFile)
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		return readLine(bufio.NewReader(file))
	}
	if !asking {
		return readLine(lines)
	}
	show, err := hideTyping(f)
	if err != nil {
		return "", err
	}
	defer show()
	defer context.AfterFunc(ctx, show)()
	fmt.Fprint(l.app.err, "Password: ")
	defer fmt.Fprintln(l.app.err)
	return readLine(lines)
}

// authority returns the CA that is to be kept for a registry; none if the registry is
// believed already.
func (l *loggingIn) authority(ctx context.Context, host string) (*x509.Certificate, error) {
	if l.ca != "" {
		text, err := os.ReadFile(l.ca)
		if err != nil {
			return nil, err
		}
		certs, err := trust.ParseCertificates(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.ca, err)
		}
		return certs[0], nil
	}
	if l.fingerprint == "" && l.believed(ctx, host) {
		return nil, nil
	}
	ca, err := login.FetchCA(ctx, host)
	if err != nil {
		return nil, err
	}
	return ca, l.compared(host, login.Fingerprint(ca).String())
}

// believed says whether nothing has to be compared. What else is wrong is told later.
func (l *loggingIn) believed(ctx context.Context, host string) bool {
	client, err := l.place.HTTP(host)
	if err != nil {
		return false
	}
	defer client.CloseIdleConnections()
	err = login.Reach(ctx, client, host)
	return err == nil || !login.Stranger(err)
}

// compared says whether the CA is the one that is meant.
func (l *loggingIn) compared(host, has string) error {
	if l.fingerprint != "" {
		if strings.EqualFold(strings.TrimSpace(l.fingerprint), has) {
			return nil
		}
		return &linkspan.Error{Code: linkspan.Unauthenticated, Message: "the CA of " + host + " has the fingerprint " + has + ", and not that one", Hint: "is this the registry that you mean?"}
	}
	f, ok := l.app.in.(*os.File)
	if !ok || !isTerminal(f) {
		return &linkspan.Error{Code: linkspan.Unauthenticated, Message: "the CA of " + host + " is not known here; it has the fingerprint " + has, Hint: "compare it with what the registry logs at its start, and give it with --fingerprint"}
	}
	fmt.Fprintf(l.app.err, "The CA of %s is not known here. It has the fingerprint\n  %s\nDoes the registry log the same at its start (yes/no)? ", host, has)
	answer, err := readLine(bufio.NewReader(f))
	if err == nil && answer != "yes" {
		err = &linkspan.Error{Code: linkspan.Unauthenticated, Message: "nothing was done"}
	}
	return err
}

func (a *app) logoutCommand() *cobra.Command {
	var forget bool
	c := &cobra.Command{
		Use: "logout REGISTRY", Short: "forget the password for a registry", Args: exactly(1),
		Example: "  linkspan logout registry.example.org:5000",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := login.CheckHost(args[0]); err != nil {
				return err
			}
			place := login.Here()
			err := place.Forget(args[0])
			if forget {
				if err := place.ForgetCA(args[0]); err != nil {
					return err
				}
			}
			return err
		},
	}
	c.Flags().BoolVar(&forget, "forget-ca", false, "forget the registry's CA, too")
	return c
}
