// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/lab/mountpoint"
)

// Home is the machine as one sees it that has no lab and no linkspan of its own:
// a mount namespace in which the labs' folder is another one. Commands in it may
// use the default names and meet nothing of the user's.
type Home struct {
	Dir  string // for files of the test
	Repo string // the checkout

	binary string
	keeper *exec.Cmd
	leash  io.Closer
	last   *bytes.Buffer
}

const (
	keeperArg = "keep-home"
	homeData  = "/var/lib/linkspan"
	homeRun   = "/run/linkspan"
)

// NewHome makes a home for a checkout. The process that keeps it takes down the
// labs in it when this one calls Close or dies.
func NewHome(repo string) (*Home, error) {
	binary, ok := Binary()
	if !ok {
		return nil, errors.New(Missing)
	}
	dir, err := os.MkdirTemp("", "e2e-home-")
	if err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &Home{Dir: dir, Repo: repo, binary: binary, last: new(bytes.Buffer)}
	// Not by CommandContext: it must outlive whatever ends this process.
	h.keeper = exec.Command(own, keeperArg, dir, repo, binary) //nolint:noctx // see above
	h.keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: syscall.CLONE_NEWNS}
	h.keeper.Stderr = h.last
	if h.leash, err = h.keeper.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := h.keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.keeper.Start(); err != nil {
		return nil, fmt.Errorf("start the home's keeper: %w", err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, errors.Join(errors.New("the home's keeper does not start"), h.Close())
	}
	return h, nil
}

// Close takes down the labs in the home and removes its folder.
func (h *Home) Close() error {
	if err := h.leash.Close(); err != nil {
		return err
	}
	if err := h.keeper.Wait(); err != nil {
		return fmt.Errorf("leave home: %w: %s", err, h.last)
	}
	return nil
}

// Command returns argv made ready to run in the home, in a folder, with the
// program under test as linkspan in its PATH.
func (h *Home) Command(dir string, argv ...string) *exec.Cmd {
	args := []string{"--target", strconv.Itoa(h.keeper.Process.Pid), "--mount", "--wdns=" + dir, "--"}
	cmd := exec.Command("nsenter", append(args, argv...)...) //nolint:noctx // the test's own deadline ends it
	// ExecEnv puts PATH last.
	env := lab.ExecEnv(os.Environ())
	path := env[len(env)-1]
	cmd.Env = append(env, "PATH="+filepath.Dir(h.binary)+":"+path[len("PATH="):])
	return cmd
}

// Try runs argv in the home, whatever comes of it.
func (h *Home) Try(argv ...string) Result { return run(h.Command(h.Dir, argv...)) }

// Keeper is what TestMain calls first: in a process that is to keep a home it
// does that and reports true, and the program must end with the status.
func Keeper() (status int, is bool) {
	if len(os.Args) != 5 || os.Args[1] != keeperArg {
		return 0, false
	}
	if err := keepHome(os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

func keepHome(dir, repo, binary string) error {
	if err := furnish(dir, repo, binary); err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other one is gone, however
	ctx, cancel := context.WithTimeout(context.Background(), reapLimit)
	defer cancel()
	labs, err := lab.List("")
	for _, s := range labs {
		l, bad := lab.Open("", s.Name)
		if bad == nil {
			bad = l.Down(ctx)
		}
		err = errors.Join(err, bad)
	}
	if err := errors.Join(err, unix.Unmount(homeData, 0), mountpoint.Sweep(homeData)); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// furnish mounts what makes the home.
func furnish(dir, repo, binary string) error {
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("leave the machine's mounts: %w", err)
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		return err
	}
	if err := mountpoint.Use(homeData, func() error { return unix.Mount(data, homeData, "", unix.MS_BIND, "") }); err != nil {
		return fmt.Errorf("mount %s: %w", homeData, err)
	}
	// The machine's own linkspan is not to be seen.
	if err := unix.Mount("tmpfs", homeRun, "tmpfs", 0, "mode=755"); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("mount %s: %w", homeRun, err)
	}
	// Scripts of the checkout run bin/linkspan; it is the program under test.
	built := filepath.Join(repo, "bin", "linkspan")
	if err := unix.Mount(binary, built, "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("mount %s: %w", built, err)
	}
	return nil
}
