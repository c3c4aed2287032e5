// SPDX-License-Identifier: Apache-2.0

package access

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust/password"
)

// atOnce is how many passwords are compared at the same time; each takes a processor and
// some memory for a moment.
const atOnce = 2

// decoy is compared with when there is no such user, or none with a password, and nobody has a
// hash that takes longer. It is the hash of nothing that can be typed.
const decoy = "$argon2id$v=19$m=19456,t=2,p=1$bGlua3NwYW5kZWNveTEy$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Options are what a guard needs.
type Options struct {
	Running func() *tree.Tree // the configuration that runs
	Now     func() time.Time  // time.Now if nil
}

// Guard knows who may log in. Its methods may be called by any number of goroutines.
type Guard struct {
	options Options
	turns   chan struct{} // one for each password that is compared
	tries   *tries
}

// NewGuard returns a guard of the users of a configuration.
func NewGuard(o Options) *Guard {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Guard{options: o, turns: make(chan struct{}, atOnce), tries: newTries(o.Now)}
}

// Password returns the user with that name and password. The error is of code
// Unauthenticated and does not tell what of both was wrong; of code Exhausted
// when from has tried too often, whatever it tried now; ctx's when it ends. A
// second at most passes while it is looked at, more when many log in.
func (g *Guard) Password(ctx context.Context, name, typed string, from netip.Addr) (User, error) {
	if err := g.tries.take(from); err != nil {
		return User{}, err
	}
	select {
	case g.turns <- struct{}{}:
		defer func() { <-g.turns }()
	case <-ctx.Done():
		return User{}, ctx.Err()
	}
	u, n, known := userIn(g.options.Running(), name)
	hash := n.Get("password-hash")
	usable := known == nil && hash != "" && password.Check(hash) == nil
	if !usable {
		hash = g.decoy()
	}
	same, err := password.Verify(hash, typed)
	if err != nil || !same || !usable {
		return User{}, denied()
	}
	g.tries.forgive(from)
	return u, nil
}

// decoy returns the costliest hash that there is, so that the time that it takes does not tell
// that there is no such user: as long as all users' hashes are of one kind. What the comparison
// says is not looked at.
func (g *Guard) decoy() string {
	costliest := decoy
	users, err := g.options.Running().At("system", "users")
	if err != nil {
		return costliest
	}
	for u := range users.Entries() {
		if hash := u.Get("password-hash"); password.Work(hash) > password.Work(costliest) {
			costliest = hash
		}
	}
	return costliest
}

// Key returns the user with that name and SSH public key, in the wire format of RFC 4253
// (6.6). That the peer has the private key was proved, or will be, elsewhere. The
// error is as that of [Guard.Password]; keys are not counted as tries, as they cannot be guessed.
func (g *Guard) Key(_ context.Context, name string, key []byte) (User, error) {
	u, n, err := userIn(g.options.Running(), name)
	if err != nil {
		return User{}, denied()
	}
	for _, configured := range n.Child("public-key").Values() {
		if blob := keyBlob(configured); blob != nil && bytes.Equal(blob, key) {
			return u, nil
		}
	}
	return User{}, denied()
}

// Again returns who a user is now: the role may be another one, and who is removed is
// Unauthenticated. Whether a certificate is still good is looked at where it is shown.
func (g *Guard) Again(u User) (User, error) {
	if u.Local || u.Fabric {
		return u, nil
	}
	now, _, err := userIn(g.options.Running(), u.Name)
	if err != nil {
		return User{}, &linkspan.Error{Code: linkspan.Unauthenticated, Message: u.Name + " is no user any more"}
	}
	return now, nil
}

// Users says whether anybody can log in at all.
func (g *Guard) Users() bool {
	n, err := g.options.Running().At("system", "users")
	return err == nil && n.Len() > 0
}

func denied() error {
	return &linkspan.Error{Code: linkspan.Unauthenticated, Message: "user or password or key is wrong"}
}

// keyBlob returns the key of a line such as "ssh-ed25519 AAAA... comment".
func keyBlob(line string) []byte {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return nil
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return nil
	}
	return blob
}

// tooOften is the error of who tries too often.
func tooOften(wait time.Duration) error {
	return &linkspan.Error{
		Code: linkspan.Exhausted, Message: "too many passwords were tried",
		Hint: fmt.Sprintf("try again in %s", wait.Round(time.Second)+time.Second),
	}
}
