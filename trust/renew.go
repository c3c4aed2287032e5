// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"crypto/x509"
	"log/slog"
	"time"
)

const (
	longestWait   = time.Hour // the wall clock is read at least this often, in case the host slept
	shortestRetry = time.Minute
)

// Exchange sends a certificate request (PEM) to a CA over a connection that
// shows the certificate in use, and returns the chain it answers (PEM). A
// controller calls its own [CA.Renew].
type Exchange func(ctx context.Context, csr []byte) (chain []byte, err error)

// RenewalTime returns when the certificate should be renewed: two thirds into
// its life, so that a controller may be away for the last third.
func RenewalTime(cert *x509.Certificate) time.Time {
	life := cert.NotAfter.Sub(cert.NotBefore)
	return cert.NotBefore.Add(life / 3 * 2)
}

// NeedsRenewal reports whether the certificate should be renewed now.
func NeedsRenewal(cert *x509.Certificate, now time.Time) bool {
	return !now.Before(RenewalTime(cert))
}

// Renew makes a new key, has it certified and replaces the key pair in use. The
// new certificate must be for the same identity and from the same CA. After any
// error the old key pair is still in use.
func (k *Keeper) Renew(ctx context.Context, exchange Exchange, now time.Time) error {
	old := k.KeyPair()
	if old == nil {
		return notJoined()
	}
	request, err := NewRequest()
	if err != nil {
		return err
	}
	chain, err := exchange(ctx, request.CSR())
	if err != nil {
		return err
	}
	pair, err := request.Complete(chain, FingerprintOf(old.ca), now)
	if err != nil {
		return err
	}
	if pair.id != old.id {
		return invalid("renew certificate", "the answer is for "+pair.id.String()+" instead of "+old.id.String())
	}
	return k.Replace(pair)
}

// Run renews the certificate whenever its time has come, until ctx is done. A
// renewal that fails is logged and tried again after a twentieth of the time
// that is left, at most an hour and at least a minute, also after the
// certificate has expired.
func (k *Keeper) Run(ctx context.Context, exchange Exchange, log *slog.Logger) {
	for wait := k.untilRenewal(); sleep(ctx, wait); wait = k.untilRenewal() {
		if pair := k.KeyPair(); pair == nil || !NeedsRenewal(pair.leaf, time.Now()) {
			continue
		}
		if err := k.Renew(ctx, exchange, time.Now()); err != nil {
			log.Warn("certificate not renewed", "certificate", k.KeyPair(), "expires", k.KeyPair().leaf.NotAfter, "error", err)
			continue
		}
		log.Info("certificate renewed", "certificate", k.KeyPair(), "expires", k.KeyPair().leaf.NotAfter)
	}
}

// untilRenewal returns how long Run sleeps before it looks again.
func (k *Keeper) untilRenewal() time.Duration {
	pair := k.KeyPair()
	if pair == nil {
		return shortestRetry
	}
	if wait := time.Until(RenewalTime(pair.leaf)); wait > 0 {
		return min(wait, longestWait)
	}
	left := time.Until(pair.leaf.NotAfter)
	return min(max(left/20, shortestRetry), longestWait)
}

// sleep reports false when ctx ended it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
