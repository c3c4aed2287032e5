// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/trust"
)

// foreignSwitch is an Open vSwitch that no process of ours stands beside.
type foreignSwitch struct {
	*ovstest.Instance
	t          *testing.T
	controller *running
	openflow   string // where the controller takes it
	dir        string // of its key and certificates
}

// newForeignSwitch starts a controller and a switch that has a key.
func newForeignSwitch(t *testing.T) *foreignSwitch {
	t.Helper()
	s := &foreignSwitch{Instance: ovstest.Start(t), t: t, openflow: unusedAddress(t), dir: t.TempDir()}
	s.controller = serveController(t, filepath.Join(t.TempDir(), "state"), "--openflow", s.openflow)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, new(x509.CertificateRequest), key)
	if err != nil {
		t.Fatal(err)
	}
	s.put("tor1-key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	s.put("tor1.csr", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}))
	return s
}

func (s *foreignSwitch) path(name string) string { return filepath.Join(s.dir, name) }

func (s *foreignSwitch) put(name string, text []byte) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), text, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// certify types what an administrator does, and then what that advises.
func (s *foreignSwitch) certify() {
	s.t.Helper()
	done := s.controller.types("switch certify tor1 --underlay 192.0.2.7 --csr " + s.path("tor1.csr") + " --out " + s.path("tor1.pem"))
	done.wants(s.t, exitDone, "")
	s.controller.types("switch inspect tor1 --format {{.State}}").wants(s.t, exitDone, "away\n")
	s.obey(done.err)
}

// obey types what the command advised, with the test's folder for the switch's.
func (s *foreignSwitch) obey(advice string) {
	s.t.Helper()
	var obeyed []string
	for line := range strings.Lines(advice) {
		words := strings.Fields(strings.ReplaceAll(line, "/etc/openvswitch", s.dir))
		if !strings.HasPrefix(line, "  ") {
			continue
		}
		s.Run(words[0], append(map[string][]string{"ovs-vsctl": {"--db=unix:" + s.Socket}}[words[0]], words[1:]...)...)
		obeyed = append(obeyed, words[0])
	}
	if got := strings.Join(obeyed, " "); got != "touch ovs-vsctl ovs-vsctl ovs-vsctl" {
		s.t.Errorf("obeyed %s of the advice:\n%s", got, advice)
	}
	s.Vsctl("set", "bridge", "br-link", "datapath_type=netdev") // this machine's kernel may have no datapath
}

// becomes waits until the controller says that the switch is in this state.
func (s *foreignSwitch) becomes(state string) {
	s.t.Helper()
	ovstest.Eventually(s.t, "tor1 is "+state, func() bool {
		return s.controller.types("switch inspect tor1 --format {{.State}}").out == state+"\n"
	})
}

// reports waits until an event says so.
func (s *foreignSwitch) reports(text string) {
	s.t.Helper()
	ovstest.Eventually(s.t, "an event says "+text, func() bool {
		return strings.Contains(s.controller.types("event ls --no-trunc").out, text)
	})
}

func (s *foreignSwitch) flows() string {
	s.t.Helper()
	return s.Ofctl("dump-flows", "br-link")
}

// api calls the controller with the switch's own certificate.
func (s *foreignSwitch) api() *uplink {
	s.t.Helper()
	var pair []byte
	for _, name := range []string{"tor1-key.pem", "tor1.pem"} {
		text, err := os.ReadFile(s.path(name))
		if err != nil {
			s.t.Fatal(err)
		}
		pair = append(pair, text...)
	}
	s.put("pair.pem", pair)
	keeper, err := trust.OpenKeeper(s.path("pair.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	u := newUplink([]string{s.controller.listen}, trust.TLS{Keeper: keeper}.ClientConfig(trust.KindController, ""))
	s.t.Cleanup(u.api.Close)
	return u
}

// attach has a container at port 11 of the switch.
func (s *foreignSwitch) attach() {
	s.t.Helper()
	s.controller.types("network create --subnet 10.7.0.0/24 web").wants(s.t, exitDone, "000001\n")
	e := &apiv1.Endpoint{Network: 1, Address: "10.7.0.2", Mac: "02:42:0a:07:00:02", Port: 11, Id: "a", Container: "a"}
	chassis := s.api().api.Chassis
	reserve := &apiv1.ChassisServiceReserveRequest{Network: e.GetNetwork(), Address: e.GetAddress(), Container: "a"}
	if _, err := chassis.Reserve(s.t.Context(), connect.NewRequest(reserve)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := chassis.Attach(s.t.Context(), connect.NewRequest(&apiv1.ChassisServiceAttachRequest{Endpoint: e})); err != nil {
		s.t.Fatal(err)
	}
}

func TestForeignSwitch(t *testing.T) {
	s := newForeignSwitch(t)
	s.certify()
	s.becomes("connected")
	s.controller.types("switch ls").wants(t, exitDone, "tor1     connected   192.0.2.7")
	ovstest.Eventually(t, "its static flows are there", func() bool { return strings.Contains(s.flows(), "table=40") })

	s.attach()
	ovstest.Eventually(t, "its endpoint is guarded", func() bool {
		return strings.Contains(s.flows(), "in_port=11,dl_src=02:42:0a:07:00:02")
	})

	own := s.Vsctl("get", "bridge", "br-link", "other-config:datapath-id")
	s.Vsctl("set", "bridge", "br-link", "other-config:datapath-id=0000000000000007")
	s.reports("datapath id 0000000000000007 does not belong to the connected chassis")
	s.becomes("away")
	s.Vsctl("set", "bridge", "br-link", "other-config:datapath-id="+own)
	s.becomes("connected")

	s.Vsctl("set-controller", "br-link", "tcp:"+s.openflow)
	s.becomes("away")
	s.refusesPlain()
	s.Vsctl("set-controller", "br-link", "ssl:"+s.openflow)
	s.becomes("connected")

	s.controller.types("switch rm tor1").wants(t, exitFailed, "is connected")
	s.controller.types("switch rm --force tor1").wants(t, exitDone, "tor1\n")
	s.controller.types("switch ls -q").wants(t, exitDone, "")
	s.refusesRevoked()

	s.certify() // the same name and key in another life
	s.becomes("connected")
	if _, log := s.controller.stop(); !strings.Contains(log, "the certificate of chassis tor1 was revoked") {
		t.Errorf("the log does not tell that it came back in vain:\n%s", log)
	}
}

// refusesPlain greets without TLS.
func (s *foreignSwitch) refusesPlain() {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.openflow)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it was only to be refused
	hello := []byte{4, 0, 0, 8, 0, 0, 0, 1}
	if _, err := conn.Write(hello); err != nil {
		s.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); os.IsTimeout(err) || slices.Contains(answer, 4) && len(answer) >= len(hello) {
		s.t.Errorf("plain TCP is answered: %v, %v", answer, err)
	}
}

// refusesRevoked waits until the switch has come back in vain, by its own word.
func (s *foreignSwitch) refusesRevoked() {
	s.t.Helper()
	ovstest.Eventually(s.t, "it is turned away", func() bool {
		log, err := os.ReadFile(filepath.Join(s.RunDir, ovstest.Daemon+".log"))
		return err == nil && strings.Contains(string(log), "alert bad certificate")
	})
}

// What is typed to certify, and what it leaves when it is refused.
func TestCertifying(t *testing.T) {
	r := serveController(t, filepath.Join(t.TempDir(), "state"), "--openflow", unusedAddress(t))
	defer r.stop()
	dir := t.TempDir()
	request, err := trust.NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	csr, out := filepath.Join(dir, "tor1.csr"), filepath.Join(dir, "tor1.pem")
	if err := os.WriteFile(csr, request.CSR(), 0o600); err != nil {
		t.Fatal(err)
	}
	certify := func(rest string) typed { return r.types("switch certify tor1 --csr " + csr + " " + rest) }

	certify("--underlay 192.0.2.7 --out "+filepath.Join(dir, "none", "tor1.pem")).wants(t, exitFailed, "no such file or directory")
	certify("--underlay nowhere --out "+out).wants(t, exitFailed, "underlay address")
	certify("--renew --out "+out).wants(t, exitFailed, "switch tor1 does not exist")
	r.types("switch certify tor1 --underlay 192.0.2.7 --csr "+out).wants(t, exitFailed, "no such file or directory")
	r.types("switch ls -q").wants(t, exitDone, "")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("refusals leave %v, %v", left, err)
	}

	printed := certify("--underlay 192.0.2.7")
	printed.wants(t, exitDone, "-----BEGIN CERTIFICATE-----")
	first, err := request.Complete([]byte(printed.out), fingerprint(t, printed.out), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certify("--underlay 192.0.2.7").wants(t, exitFailed, "is registered already\n  for another certificate for it, add --renew")

	renewed := certify("--renew --out " + out)
	renewed.wants(t, exitDone, "")
	if renewed.out != "" || !strings.Contains(renewed.err, "touch /etc/openvswitch/tor1-key.pem\n") {
		t.Errorf("got %+v", renewed)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	second, err := request.Complete(text, trust.FingerprintOf(first.CA()), time.Now())
	if err != nil || second.Identity() != first.Identity() {
		t.Errorf("renewed as %s, %v", second, err)
	}
	r.types("switch ls").wants(t, exitDone, "tor1     away    192.0.2.7   0           -")
	r.stop()

	closed := serveController(t, filepath.Join(t.TempDir(), "state"))
	defer closed.stop()
	closed.types("switch certify tor1 --underlay 192.0.2.7 --csr "+csr).wants(t, exitFailed, "start it with --openflow :6653")
}

// fingerprint is that of the CA at the end of a chain.
func fingerprint(t *testing.T, chain string) trust.Digest {
	t.Helper()
	certs, err := trust.ParseCertificates([]byte(chain))
	if err != nil || len(certs) != 2 {
		t.Fatalf("%d certificates, %v", len(certs), err)
	}
	return trust.FingerprintOf(certs[1])
}

// Where foreign switches are told to connect.
func TestOpenFlowAt(t *testing.T) {
	for _, c := range []struct {
		openflow string
		want     []string
	}{
		{"", nil},
		{":6653", []string{"192.0.2.1:6653", "[2001:db8::1]:6653", "ctl.example.org:6653"}},
		{"0.0.0.0:16653", []string{"192.0.2.1:16653", "[2001:db8::1]:16653", "ctl.example.org:16653"}},
		{"[::]:6653", []string{"192.0.2.1:6653", "[2001:db8::1]:6653", "ctl.example.org:6653"}},
		{"198.51.100.1:6653", []string{"198.51.100.1:6653"}},
		{"of.example.org:6653", []string{"of.example.org:6653"}},
	} {
		role := controllerRole{openflow: c.openflow, advertise: []string{"192.0.2.1:7443", "[2001:db8::1]:7443", "ctl.example.org:7443"}}
		if diff := cmp.Diff(c.want, role.openflowAt()); diff != "" {
			t.Errorf("--openflow %q: %s", c.openflow, diff)
		}
	}
}
