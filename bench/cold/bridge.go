// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

// answerTime bounds what a bridge takes to answer.
const answerTime = 10 * time.Second

// bridge is a connection to the management socket of one.
type bridge struct {
	conn   net.Conn
	reader *openflow.Reader
	xid    uint32
	routes filter
	cache  cache
}

// filter tells the flows of conversations from all others.
type filter struct {
	cookie, mask uint64
	match        openflow.Match
}

// plugged are Linkspan's routes; learned is what a learning switch installs.
func plugged() filter {
	return filter{cookie: uint64(pipeline.KindRoute) << 56, mask: 0xff << 56}
}

func learned() (f filter) {
	f.match.EthType(0x0800)
	return f
}

func openBridge(socket string, routes filter, cache cache) (*bridge, error) {
	conn, err := (&net.Dialer{Timeout: answerTime}).DialContext(context.Background(), "unix", socket)
	if err != nil {
		return nil, err
	}
	b := &bridge{conn: conn, reader: openflow.NewReader(conn), routes: routes, cache: cache}
	return b, b.send((&openflow.Hello{Versions: 1 << 4}).Append(nil, 0))
}

func (b *bridge) send(message []byte) error {
	_, err := b.conn.Write(message)
	return err
}

// forget deletes the flows of all conversations, and what is cached.
func (b *bridge) forget() error {
	mod := openflow.FlowMod{
		Command: openflow.FlowDelete, TableID: openflow.TableAll,
		Cookie: b.routes.cookie, CookieMask: b.routes.mask, Match: b.routes.match.View(),
	}
	b.xid++
	if _, err := b.ask(new(openflow.BarrierRequest).Append(mod.Append(nil, b.xid), b.xid), openflow.TypeBarrierReply); err != nil {
		return err
	}
	return b.cache.purge()
}

// count returns how many flows of conversations there are.
func (b *bridge) count() (int, error) {
	b.xid++
	m, err := b.ask((&openflow.FlowRequest{
		TableID: openflow.TableAll, Aggregate: true,
		Cookie: b.routes.cookie, CookieMask: b.routes.mask, Match: b.routes.match.View(),
	}).Append(nil, b.xid), openflow.TypeMultipartReply)
	if err != nil {
		return 0, err
	}
	var p openflow.Multipart
	var sum openflow.AggregateStats
	if err := p.DecodeReply(m); err != nil {
		return 0, err
	}
	err = sum.DecodeBody(p.Body)
	return int(sum.Flows), err
}

// ask sends a request and returns its answer.
func (b *bridge) ask(request []byte, kind openflow.Type) (openflow.Message, error) {
	if err := b.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	if err := b.send(request); err != nil {
		return nil, err
	}
	for {
		m, err := b.reader.Next()
		switch {
		case err != nil:
			return nil, err
		case m.Type() == openflow.TypeError && m.XID() == b.xid:
			var e openflow.ErrorMessage
			if err := e.Decode(m); err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("the bridge refuses: %w", &e)
		case m.Type() == kind && m.XID() == b.xid:
			return m, nil
		}
	}
}

func (b *bridge) close() error { return b.conn.Close() }
