// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan/cnm/names"
)

// counter counts the calls to a book, which may be away or hang.
type counter struct {
	book
	calls int
	away  bool
	hangs bool
}

func (c *counter) Ask(ctx context.Context, questions []names.Question) ([][]names.Bearer, error) {
	c.calls++
	if c.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if c.away {
		return nil, errors.New("away")
	}
	return c.book.Ask(ctx, questions)
}

func name(text string) names.Question { return names.Question{Network: 1, Name: text} }

// answers asks one question and says how many bearers there are; -1 is an
// error.
func answers(t *testing.T, c *names.Cache, text string) int {
	t.Helper()
	said, err := c.Ask(t.Context(), []names.Question{name(text)})
	if err != nil {
		return -1
	}
	return len(said[0])
}

func TestCacheAsksOnceInASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counter{book: town()}
		c := names.NewCache(source)
		for range 10 {
			if answers(t, c, "c1") != 1 || answers(t, c, "nobody") != 0 {
				t.Fatal("wrong answers")
			}
		}
		if source.calls != 2 {
			t.Errorf("%d calls for two names", source.calls)
		}
		bear(source.book, 1, "10.7.0.99", "nobody")
		delete(source.book, name("c1"))
		time.Sleep(names.Fresh + time.Millisecond)
		if answers(t, c, "c1") != 0 || answers(t, c, "nobody") != 1 {
			t.Error("a change was not seen after a second")
		}
	})
}

func TestCacheWhileTheSourceIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counter{book: town()}
		c := names.NewCache(source)
		answers(t, c, "c1")
		answers(t, c, "nobody")
		source.away = true
		time.Sleep(time.Hour)
		source.calls = 0
		for range 10 {
			if answers(t, c, "c1") != 1 || answers(t, c, "nobody") != 0 {
				t.Fatal("what was known is forgotten")
			}
			if answers(t, c, "c2") != -1 {
				t.Fatal("what was never known was answered")
			}
		}
		if source.calls != 1 {
			t.Errorf("a source that is away was asked %d times within a second", source.calls)
		}
		both, err := c.Ask(t.Context(), []names.Question{name("c2"), name("c1")})
		if err != nil || len(both[0]) != 0 || len(both[1]) != 1 {
			t.Errorf("one known and one not: %v, %v", both, err)
		}
		time.Sleep(names.Stale)
		if answers(t, c, "c1") != -1 {
			t.Error("a day old is not too old")
		}
		source.away = false
		time.Sleep(2 * time.Second)
		if answers(t, c, "c2") != 1 {
			t.Error("the source is not asked again")
		}
	})
}

func TestCacheWhileTheSourceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counter{book: town()}
		c := names.NewCache(source)
		answers(t, c, "c1")
		source.hangs = true
		time.Sleep(time.Minute)
		start := time.Now()
		for range 10 {
			if answers(t, c, "c1") != 1 {
				t.Fatal("what was known is forgotten")
			}
		}
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("ten askers waited %v together", waited)
		}
	})
}

// One container that makes names up does not push out what others need.
func TestCacheIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counter{book: town()}
		c := names.NewCache(source)
		answers(t, c, "c1")
		for i := range 20_000 {
			answers(t, c, fmt.Sprint("made-up-", i))
		}
		source.away = true
		time.Sleep(time.Minute)
		if answers(t, c, "c1") != 1 {
			t.Error("a known name was pushed out by unknown ones")
		}
		if answers(t, c, "made-up-0") != -1 {
			t.Error("every made-up name is kept")
		}
	})
}

func TestCacheRefusesAShortAnswer(t *testing.T) {
	c := names.NewCache(short{})
	if _, err := c.Ask(t.Context(), []names.Question{name("c1"), name("c2")}); err == nil {
		t.Error("no error")
	}
}

type short struct{}

func (short) Ask(context.Context, []names.Question) ([][]names.Bearer, error) {
	return [][]names.Bearer{{{Address: netip.MustParseAddr("10.7.0.2")}}}, nil
}
