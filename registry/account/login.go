// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/password"
)

// A client logs in again for each of its requests, while to compare a password takes 20 ms
// and 19 MiB on purpose: what was right a moment ago is remembered, in memory alone.
const (
	remembered    = 5 * time.Minute
	maxRemembered = 1024
)

// absent is compared with when there is no such user, so that it takes as long.
const absent = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Login returns the user with this name and password. The error is Unauthenticated and
// does not say which of the two is wrong.
func (b *Book) Login(ctx context.Context, name, secret string) (User, error) {
	u, err := b.Get(ctx, name)
	hash := u.Hash
	if linkspan.CodeOf(err) == linkspan.NotFound {
		hash = absent
	} else if err != nil {
		return User{}, err
	}
	right, compared := b.proofs.right(ctx, hash, secret)
	if compared != nil {
		return User{}, compared
	}
	if !right || err != nil {
		return User{}, &linkspan.Error{Code: linkspan.Unauthenticated, Message: "the name or the password is wrong", Hint: "linkspan login REGISTRY"}
	}
	return u, nil
}

// proofs are the passwords that were right a moment ago, as keyed hashes.
type proofs struct {
	now  func() time.Time
	key  [32]byte
	turn chan struct{} // one comparison at a time, for the memory that it takes

	mu    sync.Mutex
	until map[[sha256.Size]byte]time.Time
}

func newProofs(now func() time.Time) *proofs {
	p := &proofs{now: now, turn: make(chan struct{}, 1), until: map[[sha256.Size]byte]time.Time{}}
	_, _ = rand.Read(p.key[:]) // never fails (crypto/rand)
	return p
}

// right says whether the password is that of the hash.
func (p *proofs) right(ctx context.Context, hash, secret string) (bool, error) {
	proof := p.of(hash, secret)
	if p.knows(proof) {
		return true, nil
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if p.knows(proof) { // somebody else asked the same meanwhile
		return true, nil
	}
	ok, err := password.Verify(hash, secret)
	if ok {
		p.keep(proof)
	}
	return ok, err
}

// of returns what is remembered: it has the hash in it, so that another password ends it.
func (p *proofs) of(hash, secret string) [sha256.Size]byte {
	m := hmac.New(sha256.New, p.key[:])
	m.Write([]byte(hash + "\x00" + secret))
	return [sha256.Size]byte(m.Sum(nil))
}

func (p *proofs) knows(proof [sha256.Size]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now().Before(p.until[proof])
}

func (p *proofs) keep(proof [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.until) >= maxRemembered {
		clear(p.until) // it costs everybody one comparison
	}
	p.until[proof] = p.now().Add(remembered)
}
