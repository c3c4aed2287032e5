// SPDX-License-Identifier: Apache-2.0

package support

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// What a source may take if nothing else is said.
const (
	Patience = 20 * time.Second
	MaxFile  = 8 << 20 // bytes; of a longer one the beginning and the end are kept
)

// Source is where one file of an archive comes from.
type Source struct {
	Name string // of the file in the archive, such as ovs/show.txt
	// Read returns the file's content as far as there is one; the error is noted beside it.
	Read func(context.Context) ([]byte, error)
}

// Options are what an archive is made of.
type Options struct {
	Sources  []Source
	Secrets  []string      // what must not be in it, in plain
	Folder   string        // in the archive that all files are in; "support" if empty
	Now      time.Time     // of the files
	Patience time.Duration // for each source; 0 is [Patience]
}

// Write writes an archive. What could not be read is told in the file errors.txt of it; the
// error says that the archive could not be written, or that ctx has ended.
func Write(ctx context.Context, w io.Writer, o Options) error {
	if o.Patience == 0 {
		o.Patience = Patience
	}
	if o.Folder == "" {
		o.Folder = "support"
	}
	zip := gzip.NewWriter(w)
	a := archive{Options: o, scrub: NewScrubber(o.Secrets), tar: tar.NewWriter(zip)}
	for _, s := range o.Sources {
		if err := a.source(ctx, s); err != nil {
			return err
		}
	}
	if err := a.file("errors.txt", []byte(a.failed.String())); err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), zip.Close())
}

type archive struct {
	Options
	scrub  *Scrubber
	tar    *tar.Writer
	failed strings.Builder
}

// source reads one source in its time and writes its file.
func (a *archive) source(ctx context.Context, s Source) error {
	type result struct {
		text []byte
		err  error
	}
	begun := time.Now()
	own, cancel := context.WithTimeout(ctx, a.Patience)
	defer cancel()
	done := make(chan result, 1)
	go func() { // one that does not heed its context is left behind
		text, err := s.Read(own)
		done <- result{text, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-own.Done():
		r.err = fmt.Errorf("it took longer than %s", a.Patience)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.err != nil {
		fmt.Fprintf(&a.failed, "%s: %v\n", s.Name, r.err)
	}
	if took := time.Since(begun); took > a.Patience/2 && r.err == nil {
		fmt.Fprintf(&a.failed, "%s: it took %s\n", s.Name, took.Round(time.Millisecond))
	}
	return a.file(s.Name, r.text)
}

// file writes one file without its secrets.
func (a *archive) file(name string, text []byte) error {
	if len(text) == 0 && name != "errors.txt" {
		return nil
	}
	text = shorten(a.scrub.Scrub(text))
	head := &tar.Header{Name: path.Join(a.Folder, name), Mode: 0o600, Size: int64(len(text)), ModTime: a.Now, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(head); err != nil {
		return err
	}
	_, err := a.tar.Write(text)
	return err
}

// shorten keeps the beginning and the end of what is too long.
func shorten(text []byte) []byte {
	if len(text) <= MaxFile {
		return text
	}
	half := MaxFile / 2
	cut := fmt.Appendf(nil, "\n... %d bytes are left out ...\n", len(text)-2*half)
	return bytes.Join([][]byte{text[:half], text[len(text)-half:]}, cut)
}
