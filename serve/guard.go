package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Who may ask: a page of another site may not, though the visitor's browser reaches this server.

// guard refuses requests that name another host, come from another site's page or lack the token.
type guard struct {
	hosts  []string // names besides addresses and localhost
	token  string   // "" for none
	origin *http.CrossOriginProtection
}

func newGuard(token string, hosts []string) guard {
	return guard{hosts, token, http.NewCrossOriginProtection()}
}

// check returns why a request is refused, nil if it is not. open routes need no token.
func (g guard) check(r *http.Request, open bool) error {
	if !g.knows(r.Host) {
		return newProblem(http.StatusForbidden, "unknown_host", "this server does not go by that name: call it by its address, or start it with --host")
	}
	if err := g.origin.Check(r); err != nil {
		return newProblem(http.StatusForbidden, "cross_site", "a page of another site may not ask this server")
	}
	if !open && !g.authorised(r) {
		return newProblem(http.StatusUnauthorized, "token", "this server wants its token: Authorization: Bearer TOKEN")
	}
	return nil
}

// knows tells whether a Host header may be of this server. A name that an attacker has pointed at this machine (DNS rebinding) is none of
// the known ones, and an address cannot be pointed elsewhere.
func (g guard) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name == "localhost" || slices.Contains(g.hosts, name)
}

// authorised tells whether a request has the token. The comparison takes the same time whatever is wrong.
func (g guard) authorised(r *http.Request) bool {
	if g.token == "" {
		return true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(g.token)), sha256.Sum256([]byte(strings.TrimSpace(given)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// client returns who asks: an address or, of IPv6, the network of a household. "" is this machine, on which everybody shares one address.
func client(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || at.Addr().Unmap().IsLoopback() {
		return ""
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
