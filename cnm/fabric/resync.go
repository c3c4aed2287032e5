// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
)

// Resync makes the controller's record of this chassis's endpoints agree with
// local, which is all that the host has, reservations included. Call it again
// and again, and after each reconnect. What the host has and the store lost or
// has otherwise is stored again, at once; what is stored and unknown here for
// longer than the grace time is released, so that an address on its way from
// the controller to the host is not lost. While the controller is away it does
// nothing. The errors of all endpoints are joined.
func (f *Fabric) Resync(ctx context.Context, local []linkspan.Endpoint) error {
	if connected, _ := f.Ready(); !connected {
		return nil
	}
	missing, orphans := f.compare(local, time.Now())
	var errs []error
	for _, e := range missing {
		errs = append(errs, f.restore(ctx, e))
	}
	for _, e := range orphans {
		if !f.isOrphan(&e) {
			continue // taken again while others were released
		}
		f.cfg.Log.Info("endpoint is gone from this host, releasing its address", "network", e.Network, "address", e.Address)
		errs = append(errs, f.Release(ctx, e.Network, e.Address))
	}
	return errors.Join(errs...)
}

// restore stores e again, as what it is.
func (f *Fabric) restore(ctx context.Context, e linkspan.Endpoint) error {
	f.cfg.Log.Info("endpoint is not stored as it is here, storing it again", "network", e.Network, "address", e.Address)
	if e.Joined() {
		return f.Attach(ctx, e)
	}
	_, err := f.Reserve(ctx, e.Network, e.Address, e.Container)
	return err
}

// compare finds what to store again and what to release, and keeps the time
// since when each orphan has been one.
func (f *Fabric) compare(local []linkspan.Endpoint, now time.Time) (missing, orphans []linkspan.Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.released, func(_ key, at time.Time) bool { return now.Sub(at) > f.cfg.Grace })
	here := make(map[key]bool, len(local))
	for _, e := range local {
		k := keyOf(&e)
		here[k] = true
		delete(f.orphans, k)
		if _, gone := f.released[k]; gone {
			continue // local was read before it went
		}
		if was, ok := f.stored[k]; !ok || differs(&e, &was) {
			missing = append(missing, enriched(e, &was))
		}
	}
	for k, e := range f.stored {
		if here[k] {
			continue
		}
		since, known := f.orphans[k]
		if !known {
			f.orphans[k] = now
		} else if now.Sub(since) >= f.cfg.Grace {
			orphans = append(orphans, e)
		}
	}
	maps.DeleteFunc(f.orphans, func(k key, _ time.Time) bool { _, ok := f.stored[k]; return !ok })
	return missing, orphans
}

func (f *Fabric) isOrphan(e *linkspan.Endpoint) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, yes := f.orphans[keyOf(e)]
	return yes
}

// differs says whether the store is wrong about what the host decides: a
// reservation here may be an endpoint there only for a moment.
func differs(here, stored *linkspan.Endpoint) bool {
	return here.Joined() && (here.ID != stored.ID || here.MAC != stored.MAC || here.Port != stored.Port || here.Driver != stored.Driver ||
		here.Address6 != stored.Address6 || here.Limits != stored.Limits || !slices.Equal(here.Published, stored.Published) ||
		stored.Undescribed && !here.Undescribed)
}

// enriched keeps the names and labels that the store knows and the host does not.
func enriched(e linkspan.Endpoint, stored *linkspan.Endpoint) linkspan.Endpoint {
	if e.ID == stored.ID && e.Container == "" {
		e.Container, e.Labels, e.Aliases = stored.Container, stored.Labels, stored.Aliases
	}
	return e
}
