// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/shell"
)

func (a *app) shellCommand() *cobra.Command {
	var text string
	c := &cobra.Command{
		Use: "shell", Short: "the switch's command line", Args: exactly(0),
		Long: `Open the command line of this host's switch: operational and configuration modes, ? for
help, Tab to complete, abbreviations. Users of the configuration have the same by SSH, on
port 2222. Without a terminal, commands are read from standard input.`,
		Example: `  linkspan shell
  linkspan shell -c "configure; set system hostname edge1; commit comment why"
  linkspan shell -c "show interfaces | json"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.switchClient(cmd.Context(), "shell")
			if err != nil {
				return err
			}
			defer client.Close()
			s, err := shell.New(cmd.Context(), shell.Options{Config: client.Config, Operate: client.Operate, Files: shell.Here{}})
			if err != nil {
				return err
			}
			defer s.Close()
			if cmd.Flags().Changed("command") {
				return s.Run(cmd.Context(), text, a.out)
			}
			in, isFile := a.in.(*os.File)
			if !isFile || !term.IsTerminal(int(in.Fd())) {
				return s.Script(cmd.Context(), a.in, a.out)
			}
			return atTerminal(in, a.out, func(console *shell.Console) error { return s.Interact(cmd.Context(), console) })
		},
	}
	c.Flags().StringVarP(&text, "command", "c", "", "carry out this `text`, commands apart by semicolons, instead of reading any")
	return c
}

// by returns a client that says by what means it is used.
func (t *target) by(means string) (*api.Client, error) {
	path, err := t.path()
	if err != nil {
		return nil, err
	}
	return api.NewClient(&http.Client{Transport: by{api.UnixTransport(path), means}}, "http://linkspan"), nil
}

// by adds to each request by what means it was made.
type by struct {
	*http.Transport
	means string
}

// RoundTrip implements http.RoundTripper.
func (b by) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(rpc.MeansHeader, b.means)
	return b.Transport.RoundTrip(r)
}

// atTerminal has something use this process's terminal.
func atTerminal(in *os.File, out io.Writer, use func(*shell.Console) error) (err error) {
	fd := int(in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, term.Restore(fd, before)) }()
	t, err := openTTY(in, out)
	if err != nil {
		return err
	}
	columns, rows, _ := term.GetSize(fd) // 0 is not known
	console := shell.NewConsole(t, columns, rows)
	sized := make(chan os.Signal, 1)
	signal.Notify(sized, unix.SIGWINCH)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for range sized {
			if columns, rows, err := term.GetSize(fd); err == nil {
				console.Resize(columns, rows)
			}
		}
	}()
	err = use(console)
	signal.Stop(sized)
	close(sized)
	<-watched
	return errors.Join(err, t.end())
}
