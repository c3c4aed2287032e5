// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/channel"
	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

const goneAfter = 20 * time.Second // a peer that keeps a bad connection for so long never ends it

// starts returns how often each program of ours was started.
func starts(t *testing.T, l *harness.Lab) map[string]int {
	t.Helper()
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]int)
	for _, n := range s.Nodes {
		for _, c := range n.Components {
			list[n.Name+" "+c.Name] = c.Starts
		}
	}
	return list
}

// TestGarbage says all kinds of wrong things to everything that listens.
func TestGarbage(t *testing.T) {
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "plain", "10.61.0.0/24")
	c1 := l.Run(t, "h1", "plain1", "--network", "plain")
	c2 := l.Run(t, "h2", "plain2", "--network", "plain")
	before := starts(t, l)
	controller := l.Address("controller").String()
	for _, door := range []struct{ node, network, address string }{
		{"h1", "tcp", controller + ":7443"},
		{"h1", "tcp", controller + ":6653"},
		{"h1", "unix", "/run/linkspan/linkspan.sock"},
		{"h1", "unix", "/run/docker/plugins/linkspan.sock"},
		{"controller", "unix", "/run/linkspan/linkspan.sock"},
	} {
		t.Run(door.node+" "+door.network+" "+door.address, func(t *testing.T) {
			for name, blob := range blobs() {
				conn, err := l.Dial(t, door.node, door.network, door.address)
				if err != nil {
					t.Fatal(err)
				}
				speak(t, name, conn, blob)
			}
		})
	}
	t.Run("TLS without a certificate", func(t *testing.T) { strangers(t, l, controller) })
	t.Run("frames of a stranger", func(t *testing.T) { frames(t, l, controller) })
	t.Run("foreign datapath id", func(t *testing.T) { foreign(t, l, controller) })
	t.Run("malformed OpenFlow of a joined chassis", func(t *testing.T) { malformed(t, l, controller) })
	connected(t, l)
	if diff := cmp.Diff(before, starts(t, l)); diff != "" {
		t.Errorf("programs were started again (-before +after):\n%s", diff)
	}
	c1.Reaches(t, c2, "plain")
	c3 := l.Run(t, "h2", "plain3", "--network", "plain")
	c1.Reaches(t, c3, "plain")
}

func blobs() map[string][]byte {
	noise := make([]byte, 64<<10)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(noise) // it never fails
	return map[string][]byte{
		"nothing":              {},
		"noise":                noise,
		"half a TLS handshake": {22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0},
		"OpenFlow in the clear": {
			4, 0, 0, 8, 0, 0, 0, 1, 4, 5, 0, 8, 0, 0, 0, 2, 4, 14, 0, 4,
		},
		"half a request": []byte("POST /linkspan.v1.NetworkService/Create HTTP/1.1\r\nContent-Le"),
		"a request of another kind": []byte("POST /x HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" +
			"Content-Length: 4\r\nConnection: close\r\n\r\n{[}]"),
		"half HTTP/2": []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\xff\x04\x00\x00"),
	}
}

// speak writes the blob, says that this was all, and waits for the other side to
// close.
func speak(t *testing.T, name string, conn net.Conn, blob []byte) {
	t.Helper()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(goneAfter)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(blob); err != nil {
		return // closed already, and rightly
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	if _, err := io.Copy(io.Discard, conn); os.IsTimeout(err) {
		t.Errorf("%s: the connection is kept", name)
	}
}

// strangers asks the API and OpenFlow for what only members get.
func strangers(t *testing.T, l *harness.Lab, controller string) {
	t.Helper()
	client := &http.Client{Timeout: goneAfter, Transport: &http.Transport{
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			conn, err := l.Dial(t, "h1", "tcp", controller+":7443")
			if err != nil {
				return nil, err
			}
			return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}), nil
		},
	}}
	defer client.CloseIdleConnections()
	for _, method := range []string{"NetworkService/List", "NetworkService/Create", "SwitchService/CreateToken", "ChassisService/Join", "ChassisService/Renew"} {
		r, err := client.Post("https://controller/linkspan.v1."+method, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Error(err)
			continue
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode/100 != 4 || !strings.Contains(string(body), `"code"`) {
			t.Errorf("%s of a stranger: %s: %s", method, r.Status, body)
		}
	}
	conn, err := l.Dial(t, "h1", "tcp", controller+":6653")
	if err != nil {
		t.Fatal(err)
	}
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	speak(t, "OpenFlow of a stranger", secure, []byte{4, 0, 0, 8, 0, 0, 0, 1})
}

// frames speaks to the layer below HTTP/2, and asks for a channel, without a
// certificate.
func frames(t *testing.T, l *harness.Lab, controller string) {
	t.Helper()
	dial := func(context.Context, string, string) (net.Conn, error) {
		return l.Dial(t, "h1", "tcp", controller+":7443")
	}
	for name, blob := range map[string][]byte{
		"noise":              blobs()["noise"],
		"half a frame":       {0, 0, 0xff},
		"a frame of nobody":  {0, 9, 0, 1, 7},
		"a short grant":      {0x80, 0, 0, 1, 0},
		"a grant for HTTP/2": {0x80, 0, 0, 4, 0, 0, 0, 1},
	} {
		conn, err := dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		speak(t, name, tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{channel.Protocol}}), blob)
	}
	client := &http.Client{Timeout: goneAfter, Transport: channel.Transport(dial, &tls.Config{InsecureSkipVerify: true})}
	defer client.CloseIdleConnections()
	if _, err := channel.Dial(t.Context(), client, channel.Base); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("a channel of a stranger: %v", err)
	}
}

// member connects to port 6653 with h1's own certificate.
func member(t *testing.T, l *harness.Lab, controller string) *tls.Conn {
	t.Helper()
	pem, err := os.ReadFile(l.Root(t, "h1", "/var/lib/linkspan/switch/switch.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(pem, pem)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Dial(t, "h1", "tcp", controller+":6653")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}})
	if err := secure.SetDeadline(time.Now().Add(goneAfter)); err != nil {
		t.Fatal(err)
	}
	if err := secure.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return secure
}

// The OpenFlow 1.3 messages that a switch says first.
const (
	typeHello           = 0
	typeFeaturesRequest = 5
	typeFeaturesReply   = 6
	headerLength        = 8
)

func message(kind byte, xid uint32, body []byte) []byte {
	b := []byte{4, kind, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(headerLength+len(body)))
	return append(binary.BigEndian.AppendUint32(b, xid), body...)
}

// introduce shakes hands as the datapath of that id.
func introduce(t *testing.T, conn net.Conn, dpid uint64) {
	t.Helper()
	if _, err := conn.Write(message(typeHello, 1, nil)); err != nil {
		t.Fatal(err)
	}
	for {
		header := make([]byte, headerLength)
		if _, err := io.ReadFull(conn, header); err != nil {
			t.Fatalf("the controller asks for no features: %v", err)
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint16(header[2:])-headerLength)); err != nil {
			t.Fatal(err)
		}
		if header[1] != typeFeaturesRequest {
			continue
		}
		body := binary.BigEndian.AppendUint64(nil, dpid)
		body = append(body, 0, 0, 0, 0, 254, 0, 0, 0, 0, 0, 0, 0x4f, 0, 0, 0, 0)
		if _, err := conn.Write(message(typeFeaturesReply, binary.BigEndian.Uint32(header[4:]), body)); err != nil {
			t.Fatal(err)
		}
		return
	}
}

func dpid(t *testing.T, l *harness.Lab, name string) uint64 {
	t.Helper()
	text := l.CLI(t, "switch", "inspect", name, "--format", "{{.DPID}}")
	id, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// foreign claims, with h1's certificate, to be h2's bridge and then nobody's.
func foreign(t *testing.T, l *harness.Lab, controller string) {
	t.Helper()
	for name, id := range map[string]uint64{"h2's": dpid(t, l, "h2"), "nobody's": 0x1234} {
		conn := member(t, l, controller)
		introduce(t, conn, id)
		speak(t, name, conn, nil)
	}
	told(t, l, "session.refused", "h1", "datapath id", "does not belong")
	states, err := l.Lines("switch", "ls", "--format", "{{.Name}} {{.State}}")
	if diff := cmp.Diff([]string{"h1 connected", "h2 connected"}, states); diff != "" || err != nil {
		t.Errorf("switches (-want +got): %v\n%s", err, diff)
	}
}

// malformed goes on as h1's own bridge, with messages that are cut short, too
// long, of another version and of no kind.
func malformed(t *testing.T, l *harness.Lab, controller string) {
	t.Helper()
	own := dpid(t, l, "h1")
	noise := make([]byte, 4096)
	source := rand.NewChaCha8([32]byte{2})
	_, _ = source.Read(noise)
	for name, blob := range map[string][]byte{
		"a length below the header's":   {4, 10, 0, 4, 0, 0, 0, 9},
		"a length of 65535 and no more": {4, 10, 0xff, 0xff, 0, 0, 0, 9, 1, 2, 3},
		"half a header":                 {4, 10, 0},
		"another version":               {9, 10, 0, 8, 0, 0, 0, 9},
		"a kind that there is not":      message(77, 9, noise[:100]),
		"a PacketIn of noise":           message(10, 9, noise[:200]),
		"a PacketIn cut short":          message(10, 9, noise[:3]),
		"a FlowRemoved cut short":       message(11, 9, noise[:7]),
		"a multipart reply of noise":    message(19, 9, noise[:64]),
		"an error of noise":             message(1, 9, noise[:5]),
		"noise":                         noise,
	} {
		conn := member(t, l, controller)
		introduce(t, conn, own)
		speak(t, name, conn, blob)
	}
}

// TestPluginBadCalls says wrong things in the plugin's own protocol.
func TestPluginBadCalls(t *testing.T) {
	l := shared(t)
	before := l.Settled(t)
	client := &http.Client{Timeout: goneAfter, Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return l.Dial(t, "h1", "unix", "/run/docker/plugins/linkspan.sock")
		},
	}}
	defer client.CloseIdleConnections()
	post := func(path, body string) (int, string) {
		r, err := client.Post("http://plugin/"+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(text)
	}
	for _, operation := range []string{
		"NetworkDriver.CreateNetwork", "NetworkDriver.DeleteNetwork", "NetworkDriver.CreateEndpoint", "NetworkDriver.DeleteEndpoint",
		"NetworkDriver.Join", "NetworkDriver.Leave", "NetworkDriver.EndpointOperInfo", "NetworkDriver.ProgramExternalConnectivity",
		"NetworkDriver.RevokeExternalConnectivity", "IpamDriver.RequestPool", "IpamDriver.ReleasePool", "IpamDriver.RequestAddress",
		"IpamDriver.ReleaseAddress",
	} {
		for _, body := range []string{"", "{", "[]", `"x"`} {
			if status, text := post(operation, body); status != http.StatusBadRequest || !strings.Contains(text, `"Err"`) {
				t.Errorf("%s with body %q: %d %s", operation, body, status, text)
			}
		}
		if status, text := post(operation, `{"NetworkID":"../..","EndpointID":"x y","PoolID":"nobody's","Pool":"10.0.0.0/99"}`); status >= 500 {
			t.Errorf("%s of nonsense: %d %s", operation, status, text)
		}
	}
	if status, _ := post("NetworkDriver.NoSuchThing", "{}"); status != http.StatusNotFound {
		t.Errorf("an unknown operation: status %d", status)
	}
	if status, text := post("Plugin.Activate", ""); status != http.StatusOK || !hasAll(text, []string{"NetworkDriver", "IpamDriver"}) {
		t.Errorf("Plugin.Activate: %d %s", status, text)
	}
	l.Back(t, before)
}
