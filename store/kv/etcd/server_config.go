// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

const (
	defaultMinFree      = 256 << 20
	defaultQuota        = 2 << 30
	defaultRetention    = 10 * time.Minute
	defaultStartTimeout = 60 * time.Second
	// defragAbove is the space, in MiB, that must be won for the files to be
	// rewritten at the start.
	defragAbove = 64
	// tickMs and electionMs, in milliseconds, are how soon a cluster of one
	// elects itself; there is no network whose delays they would have to bear.
	tickMs     = 20
	electionMs = 200
	// memberName must stay the same for ever: the data belongs to it.
	memberName = "linkspan"
)

// ServerConfig says how to run the server inside this process.
type ServerConfig struct {
	// Dir is the folder of the server, made with mode 0700 if it does not
	// exist; an absolute path.
	Dir string
	// MinFree is the free space in bytes that the file system of Dir must
	// have for the server to start. While less than half of it is left, the
	// store takes no writes. Default 256 MiB; etcd claims its log in pieces of
	// 64 MiB.
	MinFree uint64
	// Quota is the size in bytes that the data may reach before the store
	// takes no writes but deletions. Default 2 GiB.
	Quota int64
	// Retention is how long the history of changes is kept at least, for
	// watches that resume. Default 10 min.
	Retention time.Duration
	// StartTimeout bounds the start, which replays the log. Default 60 s.
	StartTimeout time.Duration
	// Log takes the warnings and errors of etcd; nil discards them.
	Log *slog.Logger
}

// Default returns the configuration with all that is zero filled in.
func (c ServerConfig) Default() ServerConfig {
	if c.MinFree == 0 {
		c.MinFree = defaultMinFree
	}
	if c.Quota == 0 {
		c.Quota = defaultQuota
	}
	if c.Retention == 0 {
		c.Retention = defaultRetention
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = defaultStartTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate returns kv.ErrInvalid when the configuration cannot work.
func (c ServerConfig) Validate() error {
	switch {
	case !filepath.IsAbs(c.Dir):
		return invalid(c.Dir, fmt.Errorf("folder is not an absolute path"))
	case c.Quota < 0, c.Retention < 0, c.StartTimeout < 0:
		return invalid(c.Dir, fmt.Errorf("quota, retention and start time-out must not be negative"))
	default:
		return nil
	}
}

func (c ServerConfig) data() string { return filepath.Join(c.Dir, "data") }
func (c ServerConfig) lock() string { return filepath.Join(c.Dir, "lock") }
func (c ServerConfig) mark() string { return filepath.Join(c.Dir, "first-start") }

// embedConfig says the configuration in etcd's words. The store calls the
// server directly and a cluster of one never talks to a peer, so nothing
// listens; the addresses are names only.
func (c ServerConfig) embedConfig() *embed.Config {
	peer := url.URL{Scheme: "http", Host: "localhost:2380"}
	client := url.URL{Scheme: "unix", Host: memberName}
	cfg := embed.NewConfig()
	cfg.Name = memberName
	cfg.Dir = c.data()
	cfg.ListenPeerUrls = nil
	cfg.AdvertisePeerUrls = []url.URL{peer}
	cfg.ListenClientUrls = nil
	cfg.AdvertiseClientUrls = []url.URL{client}
	cfg.InitialCluster = memberName + "=" + peer.String()
	cfg.TickMs = tickMs
	cfg.ElectionMs = electionMs
	cfg.QuotaBackendBytes = c.Quota
	cfg.AutoCompactionMode = embed.CompactorModePeriodic
	cfg.AutoCompactionRetention = c.Retention.String()
	cfg.BootstrapDefragThresholdMegabytes = defragAbove
	cfg.EnableGRPCGateway = false
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(newLogger(c.Log))
	return cfg
}
