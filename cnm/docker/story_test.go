// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/store/kv/memory"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// Every file in testdata has stories. A story begins with "== title"; a line
// "> Operation body" is a call of Docker's, the line "< status body" after it
// the answer; "! words" is something that happens meanwhile; "#" is a comment.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("stories: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { tellAll(t, file) })
	}
}

func tellAll(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, stories, _ := strings.Cut(string(text), "== ")
	told := head
	for story := range strings.SplitSeq(stories, "\n== ") {
		title, body, _ := strings.Cut(story, "\n")
		body = strings.TrimSuffix(body, "\n") + "\n"
		t.Run(title, func(t *testing.T) {
			got := tell(t, body)
			if diff := cmp.Diff(body, got); diff != "" && !*update {
				t.Errorf("story (-want +got):\n%s", diff)
			}
			told += "== " + title + "\n" + got
		})
	}
	if *update {
		if err := os.WriteFile(file, []byte(told), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// stage is one story's world, controller and server.
type stage struct {
	t      *testing.T
	world  *cnmtest.World
	c      *cnm.Controller
	server *docker.Server
}

func newStage(t *testing.T) *stage {
	t.Helper()
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	s := &stage{t: t, world: cnmtest.NewWorld(store)}
	s.restart()
	return s
}

func (s *stage) restart() {
	c, err := s.world.Open()
	if err != nil {
		s.t.Fatal(err)
	}
	s.c = c
	s.server = docker.New(docker.Options{
		Controller: c, Name: "linkspan", Driver: "hotplug", IPAM: "pool", IPv6: true, IPv4: true, Limit: time.Second,
	})
}

// tell plays a story and returns it with the answers that came.
func tell(t *testing.T, story string) string {
	t.Helper()
	s := newStage(t)
	var told strings.Builder
	for line := range strings.Lines(story) {
		if strings.HasPrefix(line, "< ") {
			continue
		}
		told.WriteString(line)
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "> "):
			operation, body, _ := strings.Cut(line[2:], " ")
			status, answer := s.call(operation, body)
			fmt.Fprintf(&told, "< %d %s\n", status, answer)
		case strings.HasPrefix(line, "! "):
			s.happen(line[2:])
		}
	}
	return told.String()
}

func (s *stage) call(operation, body string) (int, string) {
	recorder := httptest.NewRecorder()
	s.server.ServeHTTP(recorder, httptest.NewRequest("POST", "/"+operation, strings.NewReader(body)))
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

func (s *stage) happen(event string) {
	s.t.Helper()
	words := strings.Fields(event)
	var err error
	switch words[0] {
	case "bind":
		err = s.c.Bind(context.Background(), words[1], cnmtest.Web())
	case "refuse":
		s.c.Refuse(context.Background(), words[1], fmt.Errorf("%s", strings.Join(words[2:], " ")))
	case "restart":
		s.restart()
	case "left":
		err = s.wantLeft(words[1:])
	default:
		err = fmt.Errorf("unknown event %q", event)
	}
	if err != nil {
		s.t.Errorf("%s: %v", event, err)
	}
}

// wantLeft compares the numbers of networks, endpoints, addresses and ports.
func (s *stage) wantLeft(want []string) error {
	ports, err := s.world.Bridge.Ports(context.Background())
	got := fmt.Sprintf("networks %d endpoints %d addresses %d ports %d",
		len(s.c.Networks()), len(s.c.Endpoints()), len(s.world.Fabric.Held()), len(ports))
	if got != strings.Join(want, " ") {
		return fmt.Errorf("left are %s", got)
	}
	return err
}
