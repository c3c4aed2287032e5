// SPDX-License-Identifier: Apache-2.0

// Package support collects what is needed to find a fault of a switch into one archive
// (tar, gzip) that can be given to others: it has no secrets. Each file comes from a
// [Source], which may fail, be slow or large without harm to the others, and passes a
// [Scrubber], which takes out the secrets that the switch knows, in every form in which
// programs print them, and all that looks like one.
//
// It does not decide what is worth collecting beside the host's own state ([Host]): who
// runs a part adds its sources.
//
//	sources := append(support.Host(support.HostOptions{}), support.Source{Name: "configuration.txt", Read: running})
//	err := support.Write(ctx, file, support.Options{Sources: sources, Secrets: support.Secrets(tree)})
package support
