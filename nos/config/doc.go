// SPDX-License-Identifier: Apache-2.0

// Package config keeps the configuration of a switch: the one that runs, the
// candidates that sessions edit, and the revisions that were committed, each a file on
// disk. A commit is validated, planned, applied, read back and written down: all
// of it, or nothing. A commit that must be confirmed goes back by itself.
//
// It does not touch the host: what applies a configuration is behind [Host].
// It does not ask who may do what: who opens a session was asked before.
//
//	m, err := config.Open(config.Options{Disk: disk, Host: host, Schema: s, ...})
//	err = m.Boot(ctx)  // the host is as the last confirmed revision says
//	go m.Run(ctx)      // returns what is not confirmed in time
//	session := m.Edit(config.Author{Who: "ann", How: "shell"})
//	err = session.Change(func(t *tree.Tree) (*tree.Tree, error) { return t.Set("system", "hostname", "edge1") })
//	revision, err := session.Commit(ctx, config.Commit{Comment: "why", Confirm: 10 * time.Minute})
//	err = m.Confirm(ctx)
package config
