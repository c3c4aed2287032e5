// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/linkspan/linkspan/bench/process"
)

// controller is the program under measurement; it keeps its state and addresses
// over starts.
type controller struct {
	program, dir          string
	socket, api, profiles string
	process               *process.Process
}

// startTime bounds how long a controller may take until it listens.
const startTime = 2 * time.Minute

func newController(program, dir string) (*controller, error) {
	c := &controller{program: program, dir: dir, socket: filepath.Join(dir, "linkspan.sock")}
	for _, address := range []*string{&c.api, &c.profiles} {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed when all are chosen
		if err != nil {
			return nil, err
		}
		defer l.Close()
		*address = l.Addr().String()
	}
	return c, nil
}

// start starts the program and waits until it takes calls.
func (c *controller) start(ctx context.Context) (err error) {
	c.process, err = process.Start(process.Command{
		Path: c.program, Log: filepath.Join(c.dir, "linkspan.log"),
		Args: []string{
			"serve", "controller", "--state-dir", filepath.Join(c.dir, "state"), "--socket", c.socket, "--metrics", "",
			"--listen", c.api, "--advertise", "127.0.0.1", "--openflow", "", "--pprof", c.profiles,
		},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := c.process.Listening(ctx, "tcp", c.profiles); err != nil { // the last one that it opens
		c.process.Kill()
		return err
	}
	return nil
}

// usage is what the controller has used.
type usage struct {
	CPU       time.Duration `json:"cpu_ns"`
	Resident  int64         `json:"resident_bytes"`
	Anonymous int64         `json:"anonymous_bytes"`
	Heap      int64         `json:"heap_bytes"`   // in use after a collection
	Stacks    int64         `json:"stacks_bytes"` // of goroutines
}

// collections is how often garbage is collected before a look: a stack is halved
// at most once each time, and the runtime collects every two minutes at least.
const collections = 5

// usage collects the controller's garbage and looks.
func (c *controller) usage(ctx context.Context) (u usage, err error) {
	var text strings.Builder
	for range collections {
		text.Reset()
		if err := c.get(ctx, "/debug/pprof/heap?gc=1&debug=1", &text); err != nil {
			return u, err
		}
	}
	for line := range strings.Lines(text.String()) {
		_, _ = fmt.Sscanf(line, "# HeapAlloc = %d", &u.Heap) // other lines say other things
		_, _ = fmt.Sscanf(line, "# Stack = %d", &u.Stacks)
	}
	if u.Heap == 0 {
		return u, errors.New("the profile of the heap does not say its size")
	}
	if u.CPU, err = c.process.CPU(); err != nil {
		return u, err
	}
	if u.Resident, err = c.process.Memory(); err != nil {
		return u, err
	}
	u.Anonymous, err = c.process.Anonymous()
	return u, err
}

// get writes what the page of profiles answers.
func (c *controller) get(ctx context.Context, path string, w io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.profiles+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	_, err = io.Copy(w, response.Body)
	return err
}

// save writes a profile to a file.
func (c *controller) save(ctx context.Context, path, file string) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(c.get(ctx, path, out), out.Close())
}
