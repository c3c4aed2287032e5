// SPDX-License-Identifier: Apache-2.0

// Package etcd keeps a [kv.Store] in etcd: [Dial] in a cluster that somebody
// else runs, [Embed] in a server inside this process, which is the default of
// the controller.
//
// The embedded server is a cluster of one. It listens on nothing: the store
// calls it within the process. Its folder has mode 0700. Its data survives the death of the process at any moment. It forgets the
// history of changes some time after they happened, and it stops taking writes
// ([kv.ErrFull]) while the disk is nearly full, because etcd does not survive
// a full one.
//
// All keys lie below a root, so that a cluster can be shared. A get costs one
// round trip (none when embedded), a list one for each 500 entries, a transaction one and a sync of
// the disk. The package gives no access to the rest of etcd's interface.
//
//	store, err := etcd.Embed(ctx, etcd.ServerConfig{Dir: "/var/lib/linkspan/store", Log: log})
//	if err != nil {
//		return err
//	}
//	defer store.Close()
package etcd
