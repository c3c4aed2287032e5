// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Model is what a Keeper needs of the host's own records.
type Model interface {
	Sandboxes() []cnm.Sandbox
	Network(id string) (cnm.Network, error)
	// Watch returns a channel that holds a token after any change, and what
	// ends it.
	Watch() (changed <-chan struct{}, stop func())
}

// Networks is what a Keeper needs of the fabric.
type Networks interface {
	Network(id linkspan.NetworkID) (linkspan.Network, bool)
}

var _ Model = (*cnm.Controller)(nil)

// Config is what a Keeper is made of; all fields are needed.
type Config struct {
	Model    Model
	Networks Networks
	Source   Source // of names, as it is; the Keeper remembers for it
	Log      *slog.Logger
}

// The times of a Keeper.
const (
	glance   = 30 * time.Second     // between two looks without a reason
	soon     = 5 * time.Millisecond // between two looks for a namespace that Docker is making
	later    = time.Second          // and for one that does not come, or in which something fails
	patience = 10 * time.Second     // until one counts as not coming
	gather   = 2 * time.Millisecond // after a change, to take several together
)

// Keeper keeps a Window open in every namespace that has an endpoint.
type Keeper struct {
	cfg      Config
	resolver *Resolver
	windows  map[string]*Window   // by path
	awaited  map[string]time.Time // paths without a window, since when
	wanted   map[string]wish      // by path, as of the last look
	looked   time.Time            // when that was
	told     map[string]string    // by path: the trouble that was logged
	closing  sync.WaitGroup
	state    atomic.Pointer[State]
}

// wish is what a window shall answer for.
type wish struct {
	scopes []Scope
	own    bool // the sandbox is not Docker's
}

// State is how it stands.
type State struct {
	Served  int    // namespaces that are answered in
	Trouble string // what keeps another from it; empty: nothing
}

// State returns how it stood at the last look. It may be called at any time.
func (k *Keeper) State() State {
	if s := k.state.Load(); s != nil {
		return *s
	}
	return State{}
}

// New makes a Keeper. The error has code Invalid when a part is missing.
func New(cfg Config) (*Keeper, error) {
	if cfg.Model == nil || cfg.Networks == nil || cfg.Source == nil || cfg.Log == nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "make names", Message: "a part is not configured"}
	}
	return &Keeper{
		cfg: cfg, resolver: NewResolver(NewCache(cfg.Source)), windows: make(map[string]*Window),
		awaited: make(map[string]time.Time), told: make(map[string]string),
	}, nil
}

// Run keeps the windows until ctx ends; then it closes them and returns the
// context's error. Run it once.
func (k *Keeper) Run(ctx context.Context) error {
	changed, stop := k.cfg.Model.Watch()
	defer stop()
	defer k.closeAll()
	again := k.look(ctx)
	for {
		next := time.NewTimer(again)
		select {
		case <-ctx.Done():
			next.Stop()
			return ctx.Err()
		case <-changed:
			pause(ctx, gather)
			again = k.look(ctx)
		case <-next.C:
			again = k.retry(ctx)
		}
		next.Stop()
	}
}

// retry opens what is awaited, and looks at everything only when that is due:
// while Docker makes a namespace this is done every few milliseconds.
func (k *Keeper) retry(ctx context.Context) time.Duration {
	if len(k.awaited) == 0 || time.Since(k.looked) >= glance {
		return k.look(ctx)
	}
	again := glance
	for _, path := range slices.Collect(maps.Keys(k.awaited)) {
		again = min(again, k.open(ctx, path, k.wanted[path]))
	}
	k.note()
	return again
}

// look opens and closes what has to be, and says when to look again.
func (k *Keeper) look(ctx context.Context) time.Duration {
	wanted := make(map[string]wish)
	all := k.cfg.Model.Sandboxes()
	here := residents(all)
	for _, s := range all {
		w := wish{k.scopes(s, here), s.ID != "" && !s.Given}
		if w.own || len(w.scopes) > 0 {
			wanted[s.Key] = w
		}
	}
	for path, w := range k.windows {
		if _, ok := wanted[path]; !ok || !w.space.same(path) {
			k.close(path, w)
		}
	}
	for path := range k.awaited {
		if _, ok := wanted[path]; !ok {
			k.settle(path)
		}
	}
	k.wanted, k.looked = wanted, time.Now()
	again := glance
	for path, wish := range wanted {
		if w, ok := k.windows[path]; ok {
			w.SetScopes(wish.scopes)
		} else {
			again = min(again, k.open(ctx, path, wish))
		}
	}
	k.note()
	return again
}

// note writes down the state.
func (k *Keeper) note() {
	s := State{Served: len(k.windows)}
	for _, trouble := range k.told {
		s.Trouble = trouble
	}
	k.state.Store(&s)
}

// scopes returns the networks that a sandbox is in: of the fabric, and of this
// host where Docker does not answer for them.
func (k *Keeper) scopes(s cnm.Sandbox, here map[string]map[string][]Bearer) []Scope {
	var scopes []Scope
	for _, e := range s.Endpoints {
		n, err := k.cfg.Model.Network(e.Network)
		if err != nil || e.Leaving != nil {
			continue
		}
		if n.Own && !n.Bound() {
			scopes = append(scopes, Scope{Name: n.Name, Subnet: n.Subnet, Subnet6: n.Subnet6, Here: here[n.ID]})
		}
		if f, ok := k.cfg.Networks.Network(n.Fabric); ok && n.Bound() {
			scopes = append(scopes, Scope{Network: f.ID, Name: f.Name, Subnet: f.Subnet, Subnet6: f.Subnet6})
		}
	}
	return scopes
}

// residents returns, by network and name in lower case, who is in the sandboxes
// that are not Docker's.
func residents(all []cnm.Sandbox) map[string]map[string][]Bearer {
	found := make(map[string]map[string][]Bearer)
	for _, s := range all {
		for _, e := range s.Endpoints {
			if !e.Own || e.Leaving != nil {
				continue
			}
			if found[e.Network] == nil {
				found[e.Network] = make(map[string][]Bearer)
			}
			for _, name := range append([]string{e.Name}, e.Aliases...) {
				for _, a := range e.Addresses() {
					name := strings.ToLower(name)
					found[e.Network][name] = append(found[e.Network][name], Bearer{Address: a.Addr(), Container: e.Name})
				}
			}
		}
	}
	return found
}

// open opens a window, and says when to try again if it did not. In a sandbox
// that is not Docker's all else is the host's to answer.
func (k *Keeper) open(ctx context.Context, path string, wish wish) time.Duration {
	beyond := beyondDocker
	if wish.own {
		beyond = beyondHost
	}
	w, err := open(ctx, k.resolver, path, wish.scopes, beyond)
	if err == nil {
		k.windows[path] = w
		k.settle(path)
		return glance
	}
	since, waiting := k.awaited[path]
	if !waiting {
		since = time.Now()
		k.awaited[path] = since
	}
	if linkspan.CodeOf(err) == linkspan.NotFound && time.Since(since) < patience {
		return soon // Docker makes it after the driver's part, before version 28
	}
	again := later
	if linkspan.CodeOf(err) == linkspan.Unavailable {
		again = glance // an old kernel stays one
	}
	if k.told[path] != err.Error() && ctx.Err() == nil {
		k.told[path] = err.Error()
		k.cfg.Log.Warn("names are not served in a container", "sandbox", path, "error", err)
	}
	return again
}

// settle forgets the trouble with a path.
func (k *Keeper) settle(path string) {
	delete(k.awaited, path)
	delete(k.told, path)
}

// close closes a window without waiting: the kernel takes some milliseconds to
// take a table away, and other containers may be starting.
func (k *Keeper) close(path string, w *Window) {
	delete(k.windows, path)
	k.closing.Go(func() {
		if err := w.Close(); err != nil {
			k.cfg.Log.Warn("names in a container were not closed well", "sandbox", path, "error", err)
		}
	})
}

func (k *Keeper) closeAll() {
	for path, w := range k.windows {
		k.close(path, w)
	}
	k.closing.Wait()
}
