// SPDX-License-Identifier: Apache-2.0

// Package store turns words into records and back: which keys there are, what
// a transaction must hold for a network, an endpoint, a chassis or a token to
// be written, and what a change of a record means to those who follow it. It
// decides nothing about packets, knows no caller's rights, and keeps nothing in
// memory: any process with the same key-value store (package kv) sees the same.
//
// # Keys
//
//	networks/<id>               a network; id is six hexadecimal digits
//	names/networks/<name>       its id
//	endpoints/<id>/<address>    an endpoint or a reservation, so an address is leased once
//	locals/<number>/report      which state of its own networks a chassis has told of
//	locals/<number>/networks/<id>   a network of that host alone
//	locals/<number>/endpoints/<id>  who is in one of those
//	chassis/<number>            a chassis; four hexadecimal digits
//	names/chassis/<name>        its number
//	groups/<name>               a group of networks
//	links/<end>/<end>           a link between two containers; an end is chassis.network.container
//	tokens/<id>                 a join token, hashed
//	revocations/<id>            what certificates are no longer good for
//	moves/<id>                  a container that is being moved from one host to another
//	policies/<page>             the policies of 128 neighbouring numbers, as JSON, compressed (gzip)
//	numbers/<kind>              the last number given; that of policies is written with each change of one
//	events/<slot>               the last EventSlots events
//
// Groups and links are changed one after the other, each looking at all the
// others, under one counter: whether a network fits into a group depends on them.
//
// Routes are not stored: the datapaths are their record.
//
// # Cost
//
// Creating, reserving, attaching and releasing are one or two transactions
// each, whatever the number of networks, endpoints and chassis. What a chassis
// tells of its own networks is one transaction for many changes. Listing costs
// what it returns.
//
//	s := store.New(kv)
//	n, err := s.CreateNetwork(ctx, linkspan.Network{Name: "web", Subnet: subnet})
package store
