// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"crypto/tls"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// certificate has a CA certify a switch.
func certificate(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	ca, err := trust.OpenCA(dir, trust.CAConfig{})
	if err != nil {
		t.Fatal(err)
	}
	request, err := trust.NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ca.IssueChassis(request.CSR(), name, 3, linkspan.ChassisID(3).DPID(), 1)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := request.Complete(chain, ca.Fingerprint(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := trust.OpenKeeper(filepath.Join(t.TempDir(), "switch.pem"))
	if err == nil {
		err = keeper.Replace(pair)
	}
	if err != nil {
		t.Fatal(err)
	}
	cert, err := keeper.GetClientCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return *cert
}

// TestSwitches has switches come by certificate: they pull, are listed with their address, and do no more; and one of
// another CA is nobody.
func TestSwitches(t *testing.T) {
	t.Parallel()
	r := start(t)
	token, _ := r.token("root", secret, "repository:base/a:pull,push")
	r.push("base/a", "1", token, 1000)
	as := func(cert tls.Certificate) *registry {
		c := *r
		transport := r.client.Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.Certificates = []tls.Certificate{cert}
		c.client = &http.Client{Transport: transport, Timeout: patience}
		return &c
	}
	known := as(certificate(t, r.dir+"/data/ca", "h3"))
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/v2/", 200}, {"GET", "/v2/base/a/manifests/1", 200}, {"GET", "/v2/_catalog", 200},
		{"POST", "/v2/base/a/blobs/uploads/", 403}, {"DELETE", "/v2/base/a/manifests/1", 403},
	} {
		if resp, text := known.do(c.method, c.path, "", nil, "Accept", "application/vnd.oci.image.manifest.v1+json"); resp.StatusCode != c.want {
			t.Errorf("a switch: %s %s: %d %s", c.method, c.path, resp.StatusCode, text)
		}
	}
	if _, code := known.token("", "", "repository:base/a:pull"); code != http.StatusOK {
		t.Errorf("a switch gets no token: %d", code)
	}
	if out := r.cli("", "registry", "switches", "--format", "{{.Name}} {{.Number}} {{.Address}}"); out != "h3 3 127.0.0.1\n" {
		t.Errorf("%q", out)
	}
	stranger := as(certificate(t, t.TempDir()+"/ca", "h4"))
	if resp, _, err := stranger.send(http.MethodGet, "/v2/base/a/manifests/1", "", nil); err == nil && resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a switch of another CA: %d", resp.StatusCode)
	}
	if out := r.cli("", "registry", "switches", "-q"); strings.Contains(out, "h4") {
		t.Error("it is listed")
	}
}
