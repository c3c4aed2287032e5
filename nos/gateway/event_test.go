// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/gateway"
)

// listen returns the lines of the events that come.
func listen(t *testing.T, c *http.Client) *bufio.Scanner {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://gateway/v1/events", nil)
	a, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); a.Body.Close() })
	if a.StatusCode != http.StatusOK {
		t.Fatal(a.Status)
	}
	return bufio.NewScanner(a.Body)
}

func TestEvents(t *testing.T) {
	t.Parallel()
	g, c := open(t, gateway.Options{}, gateway.Table{}, gateway.Caller{Name: "dns", Kind: gateway.KindMember})
	lines := listen(t, c)
	g.SetHealth(map[string]string{"dns": gateway.Healthy})
	g.SetHealth(map[string]string{"dns": gateway.Healthy}) // the same is no event
	if status, text := ask(t, c, "POST", "/v1/events", `{"type":"lease","data":{"ip":"192.0.2.1"}}`); status != http.StatusNoContent {
		t.Fatal(status, text)
	}
	var got []string
	for len(got) < 2 && lines.Scan() {
		if text, is := strings.CutPrefix(lines.Text(), "data: "); is {
			got = append(got, text)
		}
	}
	want := `{"type":"health","from":"edge","data":{"member":"dns","state":"healthy"}} {"type":"lease","from":"member/dns","data":{"ip":"192.0.2.1"}}`
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s, want %s", text, want)
	}
	for _, wrong := range []string{`{"type":"health"}`, `{"type":"a\nb"}`, `x`, `{"type":"x","data":"` + strings.Repeat("x", 17<<10) + `"}`} {
		if status, _ := ask(t, c, "POST", "/v1/events", wrong); status/100 != 4 {
			t.Errorf("%.40s: %d", wrong, status)
		}
	}
	g.SetHealth(map[string]string{"dns": "unhealthy"})
	if status, _ := ask(t, c, "GET", "/healthz", ""); status != http.StatusServiceUnavailable {
		t.Errorf("an unhealthy member: %d", status)
	}
	if status, _ := ask(t, client2(t, g), "GET", "/v1/events", ""); status != http.StatusForbidden {
		t.Errorf("who may not listen: %d", status)
	}
}

// client2 is a client of somebody in the network who may do nothing.
func client2(t *testing.T, g *gateway.Gateway) *http.Client {
	t.Helper()
	dir := folder(t)
	serve(t, dir, "other.sock", g.For(gateway.Caller{Name: "x", Kind: gateway.KindNetwork}))
	return client(t, dir+"/other.sock")
}
