// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/fabric"
)

// Model is what an Inventory needs of the host's own records.
type Model interface {
	Networks() []cnm.Network
	Endpoints() []cnm.Endpoint
	// Watch returns a channel that holds a token after any change, and what
	// ends it.
	Watch() (changed <-chan struct{}, stop func())
}

// Fabric tells whether the controller is there.
type Fabric interface {
	// Ready says so, and since when; another time is another connection.
	Ready() (connected bool, since time.Time)
	// Changed returns a channel that holds a token after Ready may have
	// changed, and what ends it.
	Changed() (changed <-chan struct{}, stop func())
}

// Registry is where the records are kept.
type Registry interface {
	// Compare returns what is stored of this host.
	Compare(ctx context.Context) (Stored, error)
	// Change does all of a change, or nothing, provided that the revision is
	// that of the last answer; it returns the next one, also for a change of
	// nothing. Codes: Conflict, it is not; Exhausted, that would be more than is
	// kept. After another error the change may have been done, or may be yet.
	Change(ctx context.Context, revision uint64, c Change) (uint64, error)
}

var (
	_ Model    = (*cnm.Controller)(nil)
	_ Fabric   = (*fabric.Fabric)(nil)
	_ Registry = (*Remote)(nil)
)

// Stored is what the controller has of this host: digests of the records, by id.
type Stored struct {
	Revision  uint64
	Networks  map[string]uint64
	Endpoints map[string]uint64
}

// Change is what is to become of the records of this host.
type Change struct {
	Networks         []linkspan.LocalNetwork // come or changed
	Endpoints        []linkspan.LocalEndpoint
	NetworksRemoved  []string // ids
	EndpointsRemoved []string
}

// The times of an Inventory.
const (
	gather    = 100 * time.Millisecond // after a change, to take several together
	between   = 150 * time.Millisecond // two calls
	firstRest = 250 * time.Millisecond // after a failure, doubled each time
	lastRest  = 30 * time.Second
	whole     = 10 * time.Minute // between two comparisons without a reason
	limit     = 10 * time.Second // of one call
)

// Config is what an Inventory is made of; all fields but Called are needed.
type Config struct {
	Chassis  linkspan.ChassisID // this host
	Model    Model
	Fabric   Fabric
	Registry Registry
	// Of are the keys of the drivers whose networks are the fabric's: it knows
	// them by itself.
	Of []string
	// Called are the names by which people on this host know drivers whose keys
	// in the model are others.
	Called map[string]string
	Log    *slog.Logger
}
