// SPDX-License-Identifier: Apache-2.0

// Package audit writes down who did what, so that nobody can change it afterwards
// without being found out. Each record carries the hash of the one before it: what
// is changed, taken out or put in breaks the chain, and [Verify] says where.
//
// A record is a line of a file: the SHA-256 of what follows, a space, and JSON, so that
// sha256sum and jq can read it without this program. Files are named by the
// number of their first record. What [Log.Append] has written outlasts a loss
// of power; a line that was cut off by one is taken away at the next start, and a
// record says so. When there are too many files the oldest goes, and a record
// says which.
//
// What it is not: it cannot find out that records at the very end are missing, for
// somebody who may write the files may shorten them. Against that an [Anchor] is kept
// elsewhere, as a syslog server that gets every record does; and it does not know
// secrets: whoever tells it something has taken them out.
//
//	log, err := audit.Open(audit.Options{Dir: "/var/lib/linkspan/audit"})
//	defer log.Close()
//	_, err = log.Append(audit.Entry{Kind: audit.Command, Who: "ann", How: "ssh", Text: "show vlan"})
//	records, err := audit.List("/var/lib/linkspan/audit", audit.Filter{Who: "ann", Limit: 20})
//	report, err := audit.Verify("/var/lib/linkspan/audit", audit.Anchor{})
package audit
