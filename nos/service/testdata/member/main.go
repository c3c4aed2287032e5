// SPDX-License-Identifier: Apache-2.0

// Command member is a service of a composite, for tests: it answers at a socket with who it is and who
// calls, calls others when it is told to, and prints what an adapter had it run.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	verb := "pause"
	if len(os.Args) > 1 {
		verb = os.Args[1]
	}
	switch verb {
	case "print":
		_ = json.NewEncoder(os.Stdout).Encode(os.Args[2:])
	case "check":
		if os.Getenv("SICK") != "" {
			fmt.Println("sick on purpose")
			os.Exit(1)
		}
	case "serve":
		serve(ctx)
	case "crash":
		fmt.Println("crashed on purpose")
		os.Exit(3)
	default:
		<-ctx.Done()
	}
}

func serve(ctx context.Context) {
	name := os.Getenv("LINKSPAN_SERVICE")
	fmt.Println(name, os.Getenv("VERSION"), "serves")
	path := "/run/linkspan/bus/" + name + ".sock"
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, name, " ", os.Getenv("VERSION"), " ", r.Header.Get("Linkspan-Caller"))
	})
	mux.HandleFunc("/links", func(w http.ResponseWriter, _ *http.Request) { links(w) })
	mux.HandleFunc("/ping", func(w http.ResponseWriter, r *http.Request) { ping(w, r.URL.Query().Get("to")) })
	mux.HandleFunc("/keep", func(w http.ResponseWriter, r *http.Request) { keep(w, r) })
	mux.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, os.WriteFile(r.URL.Query().Get("to"), nil, 0o600))
	})
	mux.HandleFunc("/ask/", func(w http.ResponseWriter, r *http.Request) { ask(w, strings.TrimPrefix(r.URL.Path, "/ask")) })
	mux.HandleFunc("/resolve", func(w http.ResponseWriter, r *http.Request) {
		found, err := net.DefaultResolver.LookupHost(r.Context(), r.URL.Query().Get("name"))
		fmt.Fprint(w, found, err)
	})
	s := &http.Server{Handler: mux}
	go func() { <-ctx.Done(); _ = s.Shutdown(context.Background()) }()
	_ = s.Serve(l)
}

// ask calls another service at the call interface.
func ask(w io.Writer, path string) {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", os.Getenv("LINKSPAN_API"))
	}}}
	a, err := c.Get("http://gateway" + path)
	if err != nil {
		fmt.Fprint(w, err)
		return
	}
	defer a.Body.Close()
	fmt.Fprint(w, a.StatusCode, " ")
	_, _ = io.Copy(w, a.Body)
}

func links(w io.Writer) {
	all, _ := net.Interfaces()
	for _, l := range all {
		addresses, _ := l.Addrs()
		fmt.Fprint(w, l.Name, " ", l.HardwareAddr, " ", addresses, "\n")
	}
}

// ping says whether somebody answers at a port.
func ping(w io.Writer, to string) {
	c, err := net.Dial("tcp", to)
	if err == nil {
		c.Close()
	}
	fmt.Fprint(w, err)
}

// keep counts in a file that is kept.
func keep(w io.Writer, r *http.Request) {
	path := r.URL.Query().Get("in") + "/count"
	text, _ := os.ReadFile(path)
	text = append(text, 'x')
	if err := os.WriteFile(path, text, 0o600); err != nil {
		fmt.Fprint(w, err)
		return
	}
	fmt.Fprint(w, len(text))
}
