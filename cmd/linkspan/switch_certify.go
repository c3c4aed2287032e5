// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func (a *app) switchCertify() *cobra.Command {
	m := &apiv1.SwitchServiceCertifyRequest{}
	var csr, out string
	c := &cobra.Command{
		Use: "certify [flags] NAME", Short: "register an Open vSwitch that has no Linkspan beside it", Args: exactly(1),
		Long: `Register a switch that connects by itself, by OpenFlow 1.3 over TLS, and sign its
certificate request (PKCS #10 in PEM). Its private key stays where it was made:

  openssl req -new -newkey rsa:2048 -nodes -subj /CN=tor1 -keyout tor1-key.pem -out tor1.csr

Prints the certificate followed by the CA's, and what to type on the switch.
With --renew, a switch that was certified before gets another certificate.`,
		Example: `  linkspan switch certify tor1 --underlay 192.0.2.7 --csr tor1.csr --out tor1.pem
  linkspan switch certify tor1 --renew --csr tor1.csr --out tor1.pem`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if m.Underlay == "" && !m.Renew {
				return usageError{errors.New("--underlay is needed: the address where other switches reach " + args[0])}
			}
			m.Name = args[0]
			if m.Csr, err = os.ReadFile(csr); err != nil {
				return err
			}
			to, err := newDestination(a.out, out)
			if err != nil {
				return err
			}
			defer to.discard()
			r, err := a.certify(cmd, m)
			if err != nil {
				return err
			}
			if err := to.write(r.GetCertificate()); err != nil {
				return fmt.Errorf("%w (%s is registered; the same with --renew prints its certificate again)", err, m.Name)
			}
			_, err = io.WriteString(a.err, advice(m, r))
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&m.Underlay, "underlay", "", "`address` where other switches reach it; with --renew: the new one, if it moved")
	f.StringVar(&csr, "csr", "", "certificate request of the switch, in this `file` (needed)")
	f.StringVar(&out, "out", "", "write the certificates to this `file` (default: standard output)")
	f.BoolVar(&m.Renew, "renew", false, "issue another certificate to a switch that is registered")
	_ = c.MarkFlagRequired("csr")
	return c
}

func (a *app) certify(cmd *cobra.Command, m *apiv1.SwitchServiceCertifyRequest) (*apiv1.SwitchServiceCertifyResponse, error) {
	client, err := a.target.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	r, err := client.Switches.Certify(cmd.Context(), connect.NewRequest(m))
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}

// advice is what remains to be done on the switch. One file serves as its
// certificate and as the CA's: Open vSwitch takes from it what it needs. It
// reads another certificate for the same key only when the key's file changes
// too, and after the certificate: thus the touch.
func advice(m *apiv1.SwitchServiceCertifyRequest, r *apiv1.SwitchServiceCertifyResponse) string {
	var b strings.Builder
	key, cert := "/etc/openvswitch/"+m.GetName()+"-key.pem", "/etc/openvswitch/"+m.GetName()+".pem"
	fmt.Fprintf(&b, "switch %s is number %d; its certificate is good until %s.\n", m.GetName(), r.GetId(), r.GetExpires().AsTime().Local().Format(time.RFC1123))
	fmt.Fprintf(&b, "On the switch, with its key in %s and the certificates in %s:\n  touch %s\n", key, cert, key)
	if m.GetRenew() {
		return b.String()
	}
	fmt.Fprintf(&b, "  ovs-vsctl set-ssl %s %s %s\n", key, cert, cert)
	fmt.Fprintf(&b, "  ovs-vsctl --may-exist add-br br-link -- set bridge br-link protocols=OpenFlow13 fail-mode=secure other-config:disable-in-band=true other-config:datapath-id=%s\n", r.GetDpid())
	b.WriteString("  ovs-vsctl set-controller br-link")
	for _, at := range r.GetControllers() {
		b.WriteString(" ssl:" + at)
	}
	b.WriteString("\n")
	return b.String()
}

// destination is where a certificate will be written. It is made before the
// certificate is asked for, so that a folder nobody may write to is found in
// time, and takes its name when it is whole.
type destination struct {
	out  io.Writer
	file *os.File // nil: out
	path string
}

func newDestination(out io.Writer, path string) (*destination, error) {
	if path == "" {
		return &destination{out: out}, nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	return &destination{file: file, path: path}, err
}

func (d *destination) write(text []byte) error {
	if d.file == nil {
		_, err := d.out.Write(text)
		return err
	}
	_, err := d.file.Write(text)
	if err = errors.Join(err, d.file.Chmod(0o644), d.file.Sync()); err != nil {
		return err
	}
	return os.Rename(d.file.Name(), d.path)
}

// discard closes the file, and removes it if it did not get its name.
func (d *destination) discard() {
	if d.file != nil {
		_ = d.file.Close()
		_ = os.Remove(d.file.Name()) // not there any more once it is renamed
	}
}
