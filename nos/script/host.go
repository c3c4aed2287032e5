// SPDX-License-Identifier: Apache-2.0

package script

import (
	"context"
	"time"

	"github.com/linkspan/linkspan"
)

// Puller fetches images, by digest only.
type Puller interface {
	// Size returns how many bytes of an image (REPOSITORY@sha256:DIGEST) are not here yet.
	Size(ctx context.Context, image string) (uint64, error)
	// Pull fetches an image. It does nothing where the image is here.
	Pull(ctx context.Context, image string) error
}

// Composer makes the switch's set of composites another one. It remembers on disk how far it has
// come, so that Commit and Return do what they say also after a restart, and however often they
// are called.
type Composer interface {
	// Plan says for people what it does about a set beyond what [Compare] tells, if anything, and
	// changes nothing. The error says what this switch cannot do.
	Plan(ctx context.Context, set []linkspan.Composite) ([]string, error)
	// Prepare makes the containers of a set, and starts none. Images are by digest, and here.
	Prepare(ctx context.Context, set []linkspan.Composite) error
	// Switch stops what differs of the set that runs and starts what was prepared, in the order
	// of dependencies.
	Switch(ctx context.Context) error
	// Commit keeps what was switched to, started again where a restart has stopped it, and
	// removes the set before.
	Commit(ctx context.Context) error
	// Return makes the set before run again, with its images, and removes what was prepared.
	// Where nothing was prepared nothing happens.
	Return(ctx context.Context) error
}

// Change is the configuration that a script and the one before it set, as set commands.
type Change struct {
	Script        string
	Epoch, Serial uint64
	Before, After []string
}

// Configurer makes the switch's configuration another one. After a restart Commit and Return do
// what they say, however often they are called.
type Configurer interface {
	// Plan returns the commands that would be made, without secrets, and changes nothing. The error
	// says why they cannot be.
	Plan(ctx context.Context, c Change) ([]string, error)
	// Apply makes them. Without Commit they are taken back after some time, whatever becomes of
	// this process.
	Apply(ctx context.Context, c Change, within time.Duration) error
	// Commit keeps them, made again where they were taken back.
	Commit(ctx context.Context, c Change) error
	// Return takes them back. Where none were made nothing happens.
	Return(ctx context.Context, c Change) error
}

// Gates says whether a gate holds.
type Gates interface {
	// Check returns why a gate does not hold now, nil if it does.
	Check(ctx context.Context, g linkspan.Gate) error
}

// Host is what scripts are carried out on.
type Host struct {
	Puller     Puller
	Composer   Composer
	Configurer Configurer
	Gates      Gates
	Free       func() (uint64, error) // bytes free where images are kept; nil: it is not asked
}
