// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ovn-kubernetes/libovsdb/cache"
	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// The time limits of one call. Connecting and the first dump have one each,
// since a large database makes only the second slow.
const (
	dialTimeout    = 5 * time.Second
	monitorTimeout = 30 * time.Second
	callTimeout    = 10 * time.Second
	attemptTimeout = 2 * callTimeout // of all calls that make one answer
	probeInterval  = 5 * time.Second
	closeTimeout   = 5 * time.Second
)

// session is one connection to ovsdb-server with the replica filled from it.
// It is never reconnected: the library's own reconnection leaks and may keep a
// wrong replica, so a lost session is thrown away with all it knew.
type session struct {
	client client.Client
	gone   chan struct{} // closed when the connection is lost
	stop   chan struct{} // closed by close
	lose   func()
	open   bool // the library holds a connection whose end it will report
	wg     sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed at the next change of the replica
}

func dial(ctx context.Context, socket string) (*session, error) {
	db, err := databaseModel()
	if err != nil {
		return nil, fmt.Errorf("model of the database: %w", err)
	}
	c, err := client.NewOVSDBClient(db, client.WithEndpoint("unix:"+socket))
	if err != nil {
		return nil, fmt.Errorf("ovsdb client for %s: %w", socket, err)
	}
	s := &session{client: c, gone: make(chan struct{}), stop: make(chan struct{}), changed: make(chan struct{})}
	s.lose = sync.OnceFunc(func() { close(s.gone) })
	// The library drops the notice when nobody listens, hence before Connect.
	s.wg.Go(s.listen)
	if err := s.connect(ctx); err != nil {
		s.close()
		return nil, fmt.Errorf("ovsdb-server at %s: %w", socket, err)
	}
	s.wg.Go(s.probe)
	return s, nil
}

func (s *session) connect(ctx context.Context) error {
	dctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := s.client.Connect(dctx); err != nil {
		return err
	}
	s.open = true
	s.client.Cache().AddEventHandler(&cache.EventHandlerFuncs{
		AddFunc:    func(string, model.Model) { s.wake() },
		UpdateFunc: func(string, model.Model, model.Model) { s.wake() },
		DeleteFunc: func(string, model.Model) { s.wake() },
	})
	mctx, cancel := context.WithTimeout(ctx, monitorTimeout)
	defer cancel()
	_, err := s.client.Monitor(mctx, monitored(s.client))
	return err
}

func (s *session) listen() {
	select {
	case <-s.client.DisconnectNotify():
		s.lose()
	case <-s.stop:
	}
}

// probe finds a server that is silent instead of gone.
func (s *session) probe() {
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.gone:
			return
		case <-s.stop:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		err := s.client.Echo(ctx)
		cancel()
		if err != nil {
			s.lose()
			return
		}
	}
}

func (s *session) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *session) nextChange() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// errLost reports a connection that ended before the answer came; whether the
// transaction happened is not known.
var errLost = errors.New("connection to ovsdb-server lost")

func (s *session) transact(ctx context.Context, ops []ovsdb.Operation) ([]ovsdb.OperationResult, error) {
	cctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	results, err := s.client.Transact(cctx, ops...)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, away("the Open vSwitch database has not answered", ctx.Err())
	case err != nil:
		s.lose()
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	if faults, err := ovsdb.CheckOperationResults(results, ops); err != nil {
		for _, f := range faults {
			err = errors.Join(err, f)
		}
		return nil, fmt.Errorf("ovsdb transaction: %w", err)
	}
	return results, nil
}

// attempt runs do and says whether it has to be run again, on another session.
func (s *session) attempt(ctx context.Context, do func(context.Context, *session) error) (lost bool, err error) {
	actx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-s.gone:
			cancel()
		case <-actx.Done():
		}
	}()
	err = do(actx, s)
	late := err != nil && actx.Err() != nil && ctx.Err() == nil
	cancel()
	<-watched
	if late {
		s.lose()
	}
	return late || errors.Is(err, errLost), err
}

// create returns the operations that insert rows of any tables; the library
// takes one table at a time.
func (s *session) create(rows ...model.Model) ([]ovsdb.Operation, error) {
	var ops []ovsdb.Operation
	for _, row := range rows {
		one, err := s.client.Create(row)
		if err != nil {
			return nil, err
		}
		ops = append(ops, one...)
	}
	return ops, nil
}

// close ends the connection and waits for everything that served it.
func (s *session) close() {
	s.client.Close()
	if s.open {
		select {
		case <-s.gone:
		case <-time.After(closeTimeout): // the library lost the notice
		}
	}
	close(s.stop)
	s.wg.Wait()
}
