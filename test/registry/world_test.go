// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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

	"github.com/linkspan/linkspan/test/harness"
)

// patience is how long anything may take on a machine that is busy.
const patience = 2 * time.Minute

// registry is a running linkspan serve registry with one administrator.
type registry struct {
	t       *testing.T
	binary  string
	dir     string // data, socket, log, and the folder of clients' credentials
	address string
	process *exec.Cmd
	client  *http.Client
}

const secret = "correct horse"

// start starts a registry on a port that is free.
func start(t *testing.T, args ...string) *registry {
	t.Helper()
	return startIn(t, t.TempDir(), args...)
}

func startIn(t *testing.T, dir string, args ...string) *registry {
	t.Helper()
	r := &registry{t: t, binary: harness.Need(t), dir: dir, address: "127.0.0.1:" + freePort(t)}
	r.run(args...)
	r.cli(secret, "user", "create", "root", "--role", "admin")
	t.Cleanup(func() {
		r.kill(syscall.SIGTERM)
		_ = os.RemoveAll(r.certs()) // what linkspan login wrote
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("the registry's log:\n%s", tail(text))
		}
	})
	return r
}

func tail(text []byte) []byte { return text[max(0, len(text)-8000):] }

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// run starts the process, and waits until it answers.
func (r *registry) run(args ...string) {
	r.t.Helper()
	log, err := os.OpenFile(filepath.Join(r.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	all := append([]string{"serve", "registry", "--data", r.dir + "/data", "--listen", r.address, "--metrics", "", "--announce", "-", "--socket", r.socket()}, args...)
	r.process = exec.Command(r.binary, all...)
	r.process.Stdout, r.process.Stderr = log, log
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.until("it answers", func() bool {
		conn, err := net.Dial("unix", r.socket())
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(r.ca())
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		r.t.Fatal(err)
	}
	r.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: patience}
}

func (r *registry) certs() string  { return "/etc/docker/certs.d/" + r.address }
func (r *registry) socket() string { return filepath.Join(r.dir, "s") }
func (r *registry) ca() string     { return filepath.Join(r.dir, "data/ca/ca.crt") }

// kill ends the process and waits for it.
func (r *registry) kill(by syscall.Signal) {
	_ = r.process.Process.Signal(by)
	_ = r.process.Wait()
}

func (r *registry) until(what string, is func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			text, _ := os.ReadFile(filepath.Join(r.dir, "log"))
			r.t.Fatalf("%s: not in time\n%s", what, tail(text))
		}
	}
}

// cli runs a command of this program, with a line for its standard input.
func (r *registry) cli(input string, args ...string) string {
	r.t.Helper()
	out, err := r.try(input, args...)
	if err != nil {
		r.t.Fatalf("linkspan %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

func (r *registry) try(input string, args ...string) (string, error) {
	return r.command(input, r.binary, append([]string{"--socket", r.socket()}, args...)...)
}

// command runs a program that believes the registry.
func (r *registry) command(input, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "DOCKER_CONFIG="+r.dir+"/docker", "SSL_CERT_FILE="+r.ca(), "HOME="+r.dir)
	c.Stdin = strings.NewReader(input + "\n")
	out, err := c.CombinedOutput()
	return string(out), err
}

// token asks for one, as a user.
func (r *registry) token(name, password string, scopes ...string) (string, int) {
	r.t.Helper()
	query := "service=linkspan"
	for _, s := range scopes {
		query += "&scope=" + s
	}
	req, _ := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "https://"+r.address+"/token?"+query, nil)
	if name != "" {
		req.SetBasicAuth(name, password)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var a struct{ Token string }
	_ = json.NewDecoder(resp.Body).Decode(&a)
	return a.Token, resp.StatusCode
}

// do makes a request of the OCI API with a token, and returns its status and body.
func (r *registry) do(method, path, token string, body io.Reader, headers ...string) (*http.Response, string) {
	r.t.Helper()
	resp, text, err := r.send(method, path, token, body, headers...)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, text
}

func (r *registry) send(method, path, token string, body io.Reader, headers ...string) (*http.Response, string, error) {
	if !strings.HasPrefix(path, "https://") {
		path = "https://" + r.address + path
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, path, body)
	if err != nil {
		return nil, "", err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

// location returns where an upload goes on.
func (r *registry) location(resp *http.Response) string {
	at, err := resp.Location()
	if err != nil {
		r.t.Fatal(err)
	}
	return at.String()
}

// need skips a test that a program is missing for.
func need(t *testing.T, name, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed (Debian package %s): make deps", name, pkg)
	}
}

// engine is a dockerd of the test's own, without networks.
type engine struct {
	*registry
	host string
}

// docker starts dockerd, which believes the registry, as somebody who has logged in.
func (r *registry) docker() *engine {
	r.t.Helper()
	need(r.t, "dockerd", "docker.io")
	if os.Geteuid() != 0 {
		r.t.Skip("dockerd needs root")
	}
	root := filepath.Join(r.dir, "dockerd")
	certs := r.certs()
	if err := os.MkdirAll(certs, 0o755); err != nil {
		r.t.Fatal(err)
	}
	pem, err := os.ReadFile(r.ca())
	if err == nil {
		err = os.WriteFile(filepath.Join(certs, "ca.crt"), pem, 0o644)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	e := &engine{r, "unix://" + root + "/s"}
	if err := os.MkdirAll(root, 0o700); err != nil {
		r.t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(r.dir, "dockerd.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	c := exec.Command("dockerd", "--host", e.host, "--data-root", root+"/data", "--exec-root", root+"/exec", "--pidfile", root+"/pid",
		"--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--storage-driver", "vfs", "--containerd-namespace", "t", "--max-concurrent-uploads", "2")
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	log.Close()
	r.t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	})
	r.until("dockerd answers", func() bool {
		_, err := e.try("version")
		return err == nil
	})
	return e
}

func (e *engine) try(args ...string) (string, error) {
	return e.command("", "docker", append([]string{"-H", e.host}, args...)...)
}

func (e *engine) do(args ...string) string {
	e.t.Helper()
	out, err := e.try(args...)
	if err != nil {
		e.t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// image makes an image of one layer that is like no other.
func (e *engine) image(name string, size int) {
	e.t.Helper()
	var archive bytes.Buffer
	if err := layer(&archive, size); err != nil {
		e.t.Fatal(err)
	}
	path := filepath.Join(e.dir, "layer.tar")
	if err := os.WriteFile(path, archive.Bytes(), 0o600); err != nil {
		e.t.Fatal(err)
	}
	e.do("import", "--change", `LABEL linkspan.manifest={\"name\":\"base/routing\",\"version\":\"1.2.0\",\"summary\":\"routes\"}`, path, name)
}
