// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// maxSessions is how many sessions one user may have open.
const maxSessions = 32

// lifeSign is how often a client that holds a session open hears of it.
const lifeSign = 15 * time.Second

// sessions knows whose sessions are open.
type sessions struct {
	manager *config.Manager

	mu  sync.Mutex
	all map[uint64]held
	own map[string]*own // the lasting ones, by users' names
}

type held struct {
	who     string
	session *config.Session
}

// own is the lasting session of a user.
type own struct {
	*config.Session
	locked bool
}

func newSessions(m *config.Manager) *sessions {
	return &sessions{manager: m, all: map[uint64]held{}, own: map[string]*own{}}
}

// open begins a session. The error is Exhausted if the user has too many.
func (s *sessions) open(a config.Author) (*config.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begin(a)
}

func (s *sessions) begin(a config.Author) (*config.Session, error) {
	n := 0
	for _, h := range s.all {
		if h.who == a.Who {
			n++
		}
	}
	if n >= maxSessions {
		return nil, &linkspan.Error{Code: linkspan.Exhausted, Message: fmt.Sprintf("%s has %d sessions open", a.Who, n), Hint: "end some of them"}
	}
	session := s.manager.Edit(a)
	s.all[uint64(session.ID())] = held{a.Who, session} //nolint:gosec // they count from 1
	return session, nil
}

// close ends a session.
func (s *sessions) close(session *config.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, uint64(session.ID())) //nolint:gosec // they count from 1
	session.Close()
}

// find returns the session of a caller by its number, and nil for the lasting one if there is
// none. The error is NotFound: none of that number, or it is not the caller's.
func (s *sessions) find(c Caller, id uint64) (*config.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == 0 {
		if o := s.own[c.User.Name]; o != nil {
			return o.Session, nil
		}
		return nil, nil //nolint:nilnil // it begins with the first change
	}
	h, ok := s.all[id]
	if !ok || h.who != c.User.Name {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("%s has no session %d", c.User.Name, id)}
	}
	return h.session, nil
}

// need returns the session of a caller, and begins the lasting one if there is none.
func (s *sessions) need(c Caller, id uint64) (*config.Session, error) {
	if session, err := s.find(c, id); session != nil || err != nil {
		return session, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.own[c.User.Name]; o != nil {
		return o.Session, nil
	}
	session, err := s.begin(c.author())
	if err == nil {
		s.own[c.User.Name] = &own{Session: session}
	}
	return session, err
}

// locked notes that a lasting session has the lock, with which it stays.
func (s *sessions) locked(c Caller, id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.own[c.User.Name]; o != nil && (id == 0 || id == uint64(o.ID())) { //nolint:gosec // they count from 1
		o.locked = true
	}
}

// unlocked notes that a session has the lock no more. A lasting one in which nothing is left ends.
func (s *sessions) unlocked(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, o := range s.own {
		if o.ID() == id {
			o.locked = false
			s.end(name, o)
		}
	}
}

// whose returns whose session it is, empty if there is none.
func (s *sessions) whose(id uint64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[id].who
}

// tidy ends a lasting session in which nothing is left.
func (s *sessions) tidy(c Caller, id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.own[c.User.Name]; id == 0 && o != nil {
		s.end(c.User.Name, o)
	}
}

// end ends a lasting session if nothing is left in it. It is called with mu held.
func (s *sessions) end(name string, o *own) {
	if o.locked || changes(o.Session) > 0 {
		return
	}
	delete(s.own, name)
	delete(s.all, uint64(o.ID())) //nolint:gosec // they count from 1
	o.Close()
}

// lasting returns the number of a caller's lasting session, 0 if there is none.
func (s *sessions) lasting(c Caller) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.own[c.User.Name]; o != nil {
		return o.ID()
	}
	return 0
}

// changes returns how many commands of a session are not committed.
func changes(s *config.Session) uint32 {
	if s == nil {
		return 0
	}
	return uint32(len(tree.Diff(s.Base(), s.Candidate()))) //nolint:gosec // a text has at most 10 MiB
}

// Open implements the service.
func (s configService) Open(ctx context.Context, _ *connect.Request[apiv1.ConfigServiceOpenRequest], out *connect.ServerStream[apiv1.ConfigServiceOpenResponse]) error {
	c, err := callerOf(ctx)
	if err != nil {
		return err
	}
	session, err := s.sessions.open(c.author())
	if err != nil {
		return err
	}
	defer s.sessions.close(session)
	if err := out.Send(&apiv1.ConfigServiceOpenResponse{Session: uint64(session.ID())}); err != nil { //nolint:gosec // they count from 1
		return err
	}
	alive := time.NewTicker(lifeSign)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-alive.C:
			if _, err := s.options.Again(c.User); err != nil {
				return err // the user is removed
			}
			if err := out.Send(&apiv1.ConfigServiceOpenResponse{}); err != nil {
				return err
			}
		}
	}
}
