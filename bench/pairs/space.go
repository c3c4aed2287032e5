// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/bench/load"
	"github.com/linkspan/linkspan/bench/stand"
)

// Space is a network namespace of a host that is no container's: a pair may be of
// two of them. Programs of the host run in it.
type Space struct {
	Host    string
	Within  string // what stands before a command of the host that is to run there
	Address string
}

// Serve serves in a namespace until the host ends.
func (sp Space) Serve(s *stand.Stand) error {
	self, err := own()
	if err != nil {
		return err
	}
	_, err = s.On(sp.Host, "sh", "-c", "setsid "+sp.Within+self+" serve :"+port+" </dev/null >/dev/null 2>&1 &")
	return err
}

// listenTime bounds how long a server takes to begin.
const listenTime = 20 * time.Second

// Between makes a pair of two namespaces, in the second of which is served.
func Between(ctx context.Context, s *stand.Stand, subject string, from, to Space) (*Pair, error) {
	if err := to.Serve(s); err != nil {
		return nil, fmt.Errorf("%s: %w", subject, err)
	}
	p := &Pair{Subject: subject, Host: from.Host, Within: from.Within, To: to.Address}
	for until := time.Now().Add(listenTime); ; time.Sleep(50 * time.Millisecond) {
		_, _, err := p.load(ctx, s, load.Echo, time.Millisecond)
		if err == nil {
			return p, nil
		}
		if time.Now().After(until) || ctx.Err() != nil {
			return nil, fmt.Errorf("%s: the second does not answer the first: %w", subject, err)
		}
	}
}

// own is the path of this program.
func own() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(self)
}
