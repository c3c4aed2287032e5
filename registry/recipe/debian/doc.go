// SPDX-License-Identifier: Apache-2.0

// Package debian gets Debian packages: which are needed for some names, by apt; their files,
// read from the archives (deb(5)); and what licences their copyright files name (DEP 5).
//
// It installs nothing and runs none of a package's scripts. apt works in a folder of its own,
// so that neither root nor the machine's package lists are needed.
//
//	a := &debian.APT{Dir: "/home/ann/.cache/linkspan/apt"}
//	needed, err := a.Resolve(ctx, debian.Wanted{Names: []string{"frr"}, LeaveOut: []string{"perl-base"}})
//	files, err := a.Download(ctx, needed, nil)
package debian
