// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/linkspan/linkspan"
)

// Keeper keeps a process's own key pair, in one file of mode 0600 and in
// memory, and hands the newest to every handshake. So a renewed certificate is
// used from the next connection on, without a restart, and connections that
// stand stay. It is safe for concurrent use.
type Keeper struct {
	path    string
	writing sync.Mutex
	pair    atomic.Pointer[KeyPair]
}

// OpenKeeper opens the key pair at path. A file that does not exist yet is a
// keeper without a key pair, for a host that has not joined. A file that others
// may open, that is no key pair, or that lies in a folder where others may write
// is an error.
func OpenKeeper(path string) (*Keeper, error) {
	if err := keyDir(filepath.Dir(path), 0o022); err != nil {
		return nil, err
	}
	k := &Keeper{path: path}
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	pair, err := decodeKeyPair(text)
	if err != nil {
		return nil, wrap(linkspan.Internal, "open "+path, "it holds no key pair",
			"remove the file and join again with a new token", err)
	}
	k.pair.Store(pair)
	return k, nil
}

// KeyPair returns the key pair in use, or nil before the first [Keeper.Replace].
func (k *Keeper) KeyPair() *KeyPair { return k.pair.Load() }

// Replace stores the key pair, synced, and then uses it for every handshake
// from now on. After a crash the file holds the old pair or the new one.
func (k *Keeper) Replace(pair *KeyPair) error {
	text, err := pair.encode()
	if err != nil {
		return err
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if err := replaceFile(k.path, text, 0o600); err != nil {
		return fmt.Errorf("keep certificate: %w", err)
	}
	k.pair.Store(pair)
	return nil
}

// GetCertificate serves [tls.Config.GetCertificate].
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair := k.KeyPair()
	if pair == nil {
		return nil, notJoined()
	}
	return pair.tls(), nil
}

// GetClientCertificate serves [tls.Config.GetClientCertificate]. Without a key
// pair no certificate is shown, and the server decides.
func (k *Keeper) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	pair := k.KeyPair()
	if pair == nil {
		return new(tls.Certificate), nil
	}
	return pair.tls(), nil
}

func notJoined() error {
	return refuse(linkspan.Unavailable, "certificate", "this process has none yet",
		"join with a token from \"linkspan switch token\"")
}
