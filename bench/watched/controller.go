// SPDX-License-Identifier: Apache-2.0

package watched

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

// Controller is the program under measurement; it keeps its state and addresses
// over starts.
type Controller struct {
	Socket  string // local, for administrators
	API     string // host:port
	Dir     string // private; Dir/state is the state's
	Process *process.Process

	program, profiles string
}

// startTime bounds how long a controller may take until it listens.
const startTime = 2 * time.Minute

// New returns the controller of a program, not started, in a folder of its own.
func New(program, dir string) (*Controller, error) {
	c := &Controller{program: program, Dir: dir, Socket: filepath.Join(dir, "linkspan.sock")}
	for _, address := range []*string{&c.API, &c.profiles} {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed when all are chosen
		if err != nil {
			return nil, err
		}
		defer l.Close()
		*address = l.Addr().String()
	}
	return c, nil
}

// Start starts the program and waits until it takes calls.
func (c *Controller) Start(ctx context.Context) (err error) {
	c.Process, err = process.Start(process.Command{
		Path: c.program, Log: filepath.Join(c.Dir, "linkspan.log"),
		Args: []string{
			"serve", "controller", "--state-dir", filepath.Join(c.Dir, "state"), "--socket", c.Socket, "--metrics", "",
			"--listen", c.API, "--advertise", "127.0.0.1", "--openflow", "", "--pprof", c.profiles,
		},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := c.Process.Listening(ctx, "tcp", c.profiles); err != nil { // the last one that it opens
		c.Process.Kill()
		return err
	}
	return nil
}

// Usage is what the controller has used.
type Usage struct {
	CPU       time.Duration `json:"cpu_ns"`
	Resident  int64         `json:"resident_bytes"`
	Anonymous int64         `json:"anonymous_bytes"`
	Heap      int64         `json:"heap_bytes"`   // in use after a collection
	Stacks    int64         `json:"stacks_bytes"` // of goroutines
}

// collections is how often garbage is collected before a look: a stack is halved
// at most once each time, and the runtime collects every two minutes at least.
const collections = 5

// Live is what is in use of the heap and the stacks.
func (u *Usage) Live() int64 { return u.Heap + u.Stacks }

// Usage collects the controller's garbage and looks.
func (c *Controller) Usage(ctx context.Context) (u Usage, err error) {
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
	if u.CPU, err = c.Process.CPU(); err != nil {
		return u, err
	}
	if u.Resident, err = c.Process.Memory(); err != nil {
		return u, err
	}
	u.Anonymous, err = c.Process.Anonymous()
	return u, err
}

// get writes what the page of profiles answers.
func (c *Controller) get(ctx context.Context, path string, w io.Writer) error {
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

// Save writes a profile, by its path on the page of profiles, to a file.
func (c *Controller) Save(ctx context.Context, path, file string) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(c.get(ctx, path, out), out.Close())
}
