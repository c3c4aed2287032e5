// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// variable names the program under test.
const variable = "LINKSPAN_E2E"

const secret = "correct horse"

// patience is how long anything may take on a machine that is busy.
const patience = 2 * time.Minute

// start starts a registry with one administrator, and returns its address and its CA's file.
func start(t *testing.T) (address, ca string) {
	t.Helper()
	binary := os.Getenv(variable)
	if binary == "" {
		t.Skip(variable + " is not set: make e2e builds the binary and sets it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	c := exec.Command(binary, "serve", "registry", "--data", dir+"/data", "--listen", address, "--socket", socket, "--metrics", "", "--announce", "-")
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
		if t.Failed() {
			t.Logf("the registry's log:\n%s", log.Bytes())
		}
	})
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		user := exec.CommandContext(t.Context(), binary, "--socket", socket, "user", "create", "root", "--role", "admin")
		user.Stdin = strings.NewReader(secret + "\n")
		out, err := user.CombinedOutput()
		if err == nil {
			return address, dir + "/data/ca/ca.crt"
		}
		if time.Now().After(end) {
			t.Fatalf("no user: %v: %s", err, out)
		}
	}
}

// TestConformance runs the suite of the specification 1.1. Left out are what it makes
// optional and this registry does not have: digests of SHA-512, and layers that are kept
// elsewhere.
func TestConformance(t *testing.T) {
	address, ca := start(t)
	suite := filepath.Join(t.TempDir(), "conformance")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", suite, "github.com/opencontainers/distribution-spec/conformance").CombinedOutput(); err != nil {
		t.Fatalf("build the suite: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, suite)
	c.Env = append(os.Environ(), "SSL_CERT_FILE="+ca, "OCI_REGISTRY="+address, "OCI_REPO1=conformance/one", "OCI_REPO2=conformance/two",
		"OCI_USERNAME=root", "OCI_PASSWORD="+secret, "OCI_RESULTS_DIR="+t.TempDir(), "OCI_VERSION=1.1", "OCI_DATA_SHA512=false", "OCI_DATA_NONDISTRIBUTABLE=false")
	out, err := c.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("OCI Conformance Result: Pass")) {
		t.Errorf("%v:\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "FAIL") || strings.Contains(line, "Pass..........................:") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// TestOras attaches an artifact to another one and lists it by the referrers API: the
// client is told not to fall back to tags.
func TestOras(t *testing.T) {
	address, ca := start(t)
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(ca)
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	repo, err := remote.NewRepository(address + "/base/routing")
	if err != nil {
		t.Fatal(err)
	}
	repo.Client = &auth.Client{
		Client:     &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: patience},
		Cache:      auth.NewCache(),
		Credential: auth.StaticCredential(address, auth.Credential{Username: "root", Password: secret}),
	}
	if err := repo.SetReferrersCapability(true); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	push := func(artifactType string, subject *v1.Descriptor, tag string) v1.Descriptor {
		t.Helper()
		local := memory.New()
		d, err := oras.PackManifest(ctx, local, oras.PackManifestVersion1_1, artifactType, oras.PackManifestOptions{Subject: subject})
		if err != nil {
			t.Fatal(err)
		}
		if err := local.Tag(ctx, d, tag); err != nil {
			t.Fatal(err)
		}
		if subject != nil {
			if err := local.Push(ctx, *subject, fetch(t, repo, *subject)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := oras.Copy(ctx, local, tag, repo, tag, oras.DefaultCopyOptions); err != nil {
			t.Fatal(err)
		}
		return d
	}
	image := push("application/example.image", nil, "1.2")
	sbom := push("application/example.sbom", &image, "sbom")
	list := func(artifactType string) (found []v1.Descriptor) {
		t.Helper()
		if err := repo.Referrers(ctx, image, artifactType, func(page []v1.Descriptor) error {
			found = append(found, page...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got := list("application/example.sbom"); len(got) != 1 || got[0].Digest != sbom.Digest {
		t.Errorf("%+v, want %s", got, sbom.Digest)
	}
	if got := list("application/example.other"); len(got) != 0 {
		t.Errorf("of another type: %+v", got)
	}
}

func fetch(t *testing.T, repo *remote.Repository, d v1.Descriptor) io.Reader {
	t.Helper()
	content, err := repo.Fetch(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	text, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(text)
}
