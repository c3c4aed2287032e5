// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/script"
)

// world is a switch without a switch: a file that each act changes at once, so that it is what a
// switch would be after a crash.
type world struct {
	path  string
	point func() // called before and after each act; it may end the process

	Here     []string // images
	Config   []string
	Pending  bool     // Config may yet return
	Returns  []string // what it returns to
	Running  []string // images of services that run
	Prepared []string
	Made     bool // something is prepared
	Old      []string
	Switched bool // the old set is stopped, or about to be
	Acts     []string

	failing map[string]error // by act
}

var (
	_ script.Puller     = (*world)(nil)
	_ script.Composer   = composer{}
	_ script.Configurer = configurer{}
	_ script.Gates      = (*world)(nil)
)

func openWorld(t testing.TB, dir string) *world {
	t.Helper()
	w := &world{path: filepath.Join(dir, "world.json"), point: func() {}, failing: map[string]error{}}
	text, err := os.ReadFile(w.path)
	if err == nil {
		err = json.Unmarshal(text, w)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return w
}

// act changes the world.
func (w *world) act(name string, change func()) error {
	w.point()
	if err := w.failing[name]; err != nil {
		return err
	}
	change()
	w.Acts = append(w.Acts, name)
	text, err := json.Marshal(w)
	if err == nil {
		err = os.WriteFile(w.path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(w.path+".new", w.path)
	}
	w.point()
	return err
}

// lightsOut is what a loss of power does: containers stop, and a configuration that nobody
// confirmed returns.
func (w *world) lightsOut() {
	_ = w.act("lights out", func() {
		w.Running = nil
		if w.Pending {
			w.Config, w.Pending = w.Returns, false
		}
	})
}

func (w *world) Size(_ context.Context, image string) (uint64, error) {
	if slices.Contains(w.Here, image) {
		return 0, nil
	}
	return 1 << 20, nil
}

func (w *world) Pull(_ context.Context, image string) error {
	if !strings.Contains(image, "@sha256:") {
		return errors.New("not by digest: " + image)
	}
	return w.act("pull", func() {
		if !slices.Contains(w.Here, image) {
			w.Here = append(w.Here, image)
		}
	})
}

func (w *world) Check(_ context.Context, g linkspan.Gate) error { return w.failing["gate "+g.Name] }

type composer struct{ *world }

func (c composer) Plan(_ context.Context, set []linkspan.Composite) ([]string, error) {
	return []string{"run " + strings.Join(pictures(set), " ")}, c.failing["plan"]
}

func pictures(set []linkspan.Composite) []string {
	s := linkspan.Script{Composites: set}
	return s.Images()
}

func (c composer) Prepare(_ context.Context, set []linkspan.Composite) error {
	for _, image := range pictures(set) {
		if !slices.Contains(c.Here, image) {
			return errors.New("it is not here: " + image)
		}
	}
	return c.act("prepare", func() { c.Prepared, c.Made = pictures(set), true })
}

func (c composer) Switch(context.Context) error {
	err := c.act("stop", func() { c.Old, c.Running, c.Switched = c.Running, nil, true })
	for i := range c.Prepared {
		if err == nil {
			err = c.act("start", func() { c.Running = c.Prepared[:i+1] })
		}
	}
	return err
}

func (c composer) Commit(context.Context) error {
	if !c.Made {
		return nil
	}
	return c.act("keep", func() { c.Running, c.Prepared, c.Old, c.Made, c.Switched = c.Prepared, nil, nil, false, false })
}

func (c composer) Return(context.Context) error {
	if !c.Made {
		return nil
	}
	return c.act("return", func() {
		if c.Switched {
			c.Running = c.Old
		}
		c.Prepared, c.Old, c.Made, c.Switched = nil, nil, false, false
	})
}

type configurer struct{ *world }

func (c configurer) next(change script.Change) []string {
	kept := slices.DeleteFunc(slices.Clone(c.Config), func(line string) bool { return slices.Contains(change.Before, line) })
	for _, line := range change.After {
		if !slices.Contains(kept, line) {
			kept = append(kept, line)
		}
	}
	return kept
}

func (c configurer) Plan(_ context.Context, change script.Change) ([]string, error) {
	return c.next(change), c.failing["configuration"]
}

func (c configurer) Apply(_ context.Context, change script.Change, _ time.Duration) error {
	return c.act("configure", func() { c.Returns, c.Config, c.Pending = c.Config, c.next(change), true })
}

func (c configurer) Commit(_ context.Context, change script.Change) error {
	return c.act("confirm", func() { c.Config, c.Pending = c.next(change), false })
}

func (c configurer) Return(context.Context, script.Change) error {
	if !c.Pending {
		return nil
	}
	return c.act("return configuration", func() { c.Config, c.Pending = c.Returns, false })
}

// pointedDisk calls point before and after each write.
type pointedDisk struct {
	config.Disk
	point func()
}

func (d pointedDisk) Write(name string, data []byte) error {
	d.point()
	if half := len(data) / 2; half > 0 {
		if err := d.Disk.Write(name, data[:half]); err != nil { // a write that is cut off
			return err
		}
		d.point()
	}
	return d.Disk.Write(name, data)
}

func (d pointedDisk) Rename(from, to string) error {
	d.point()
	return d.Disk.Rename(from, to)
}

func (d pointedDisk) Remove(name string) error {
	d.point()
	return d.Disk.Remove(name)
}

func (d pointedDisk) Sync() error {
	d.point()
	err := d.Disk.Sync()
	d.point()
	return err
}

// clock stands still but for waits.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.now = c.now.Add(d)
	done := make(chan time.Time, 1)
	done <- c.now
	return done
}
