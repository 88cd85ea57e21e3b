package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mien/asm"
	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/run"
	"mien/serve"
)

type serveCmd struct {
	detectorFlags
	Model     string        `help:"Fine-tuned weights: a file, a run folder, or builtin, the small model within mien." default:"builtin" placeholder:"FILE|RUN"`
	Listen    string        `help:"Address and port. One that other machines can reach needs a token." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Token     string        `help:"Ask clients for this token, 16 characters or more; on shared machines, --token-file or MIEN_TOKEN shows it to nobody." env:"MIEN_TOKEN" placeholder:"TOKEN" xor:"token"`
	TokenFile string        `help:"Read the token from a file." placeholder:"FILE" xor:"token"`
	Host      []string      `help:"A name by which clients call the server, besides addresses and localhost." placeholder:"NAME"`
	Drain     time.Duration `help:"How long what is under way may take when the server is told to end." default:"30s" placeholder:"TIME"`
	Quiet     bool          `help:"Show nothing but warnings and errors."`
}

func (c *serveCmd) Run(out *console) error {
	token, err := c.token()
	if err != nil {
		return err
	}
	if c.Drain < 0 {
		return usagef("--drain %v: it must be from 0s", c.Drain)
	}
	local, err := isLocal(c.Listen)
	if err != nil {
		return err
	}
	if !local && token == "" {
		return usagef("--listen %s: other machines can reach this address\nhint: give a --token, or listen on 127.0.0.1", c.Listen)
	}
	m, err := infer.Open(c.Model, out.backend, nil)
	if err != nil {
		return err
	}
	defer m.Close()
	d, err := c.detectorFlags.open(out.backend)
	if err != nil {
		return err
	}
	defer d.Close()
	on, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	card, err := c.card(m)
	if err != nil {
		return err
	}
	config := serve.Config{Card: card, Limits: serve.DefaultLimits(), Token: token, Hosts: lower(c.Host), Local: local, Log: c.log(out)}
	config.Limits.DrainTime = c.Drain
	c.announce(out, on.Addr(), config)
	out.endsWithin(c.Drain)
	return serve.Serve(out.ctx, on, config, m, d)
}

// leastToken is the length of the shortest token.
const leastToken = 16

// token returns the one that clients must have, "" for none.
func (c *serveCmd) token() (string, error) {
	token := c.Token
	if c.TokenFile != "" {
		text, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return "", fmt.Errorf("--token-file: %w", err)
		}
		if token = strings.TrimSpace(string(text)); token == "" {
			return "", fmt.Errorf("--token-file %s: it is empty", c.TokenFile)
		}
	}
	if token != "" && (len(token) < leastToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })) {
		return "", usagef("the token must have %d characters or more, without spaces\nhint: `head -c 24 /dev/urandom | base64` makes one", leastToken)
	}
	return token, nil
}

// isLocal tells whether only this machine can connect to an address.
func isLocal(listen string) (bool, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false, usagef("--listen %s: it must be an address and a port, as 127.0.0.1:8080", listen)
	}
	if host == "localhost" {
		return true, nil
	}
	addr, err := netip.ParseAddr(host)
	if host != "" && err != nil {
		return false, usagef("--listen takes an address, not a name: 127.0.0.1:8080, or 0.0.0.0:8080 for all")
	}
	return host != "" && addr.IsLoopback(), nil
}

// card says which model answers, and what of it.
func (c *serveCmd) card(m *infer.Model) (serve.Card, error) {
	sum, err := modelfile.SHA256(c.Model)
	card := serve.Card{Name: modelName(c.Model), SHA256: sum, Version: run.Version(), Kernels: asm.F32().Name, Labels: map[data.Modality][]string{},
		Frames: m.Recipe.Model.Frames, Size: m.Recipe.Model.ImageSize, Caveat: m.Trained.Caveat()}
	for _, head := range []data.Modality{data.Image, data.Video} {
		if m.Answers(head) == nil {
			card.Labels[head] = m.Labels[head]
		}
	}
	return card, err
}

// modelName returns the name of a model in addresses.
func modelName(fileOrRun string) string {
	return strings.TrimSuffix(filepath.Base(fileOrRun), ".safetensors")
}

func lower(names []string) (all []string) {
	for _, n := range names {
		all = append(all, strings.ToLower(n))
	}
	return all
}

func (c *serveCmd) log(out *console) *slog.Logger {
	level := slog.LevelInfo
	if c.Quiet {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(out.stderr, &slog.HandlerOptions{Level: level}))
}

// announce says where the page is, and what to know.
func (c *serveCmd) announce(out *console, at net.Addr, config serve.Config) {
	for _, note := range []string{modelfile.Chosen(c.Model), config.Card.Caveat} {
		if note != "" {
			out.note(c.Quiet, note)
		}
	}
	if !config.Local {
		fmt.Fprintf(out.stderr, "mien: warning: other machines can connect, and what they send is not encrypted: put a proxy with TLS before it\n")
	}
	out.note(c.Quiet, fmt.Sprintf("serving %s at http://%s; Ctrl-C ends it", config.Card.Name, at))
}
