package serve

import (
	"net"
	"sync"
)

// limited is a listener that has only so many connections at a time. Others wait in the system's queue.
type limited struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	end    func()
}

func newLimited(on net.Listener, most int) *limited {
	closed := make(chan struct{})
	return &limited{on, make(chan struct{}, most), closed, sync.OnceFunc(func() { close(closed) })}
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.end()
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}
