# Drives Perl's Mojo::UserAgent: reads a session in a line of JSON, plays it, and prints in a line what was seen, until there are no
# more lines.

use Mojo::Base -strict;
use Mojo::IOLoop;
use Mojo::JSON qw(decode_json encode_json true);
use Mojo::Util qw(b64_decode b64_encode decode encode);
use Mojo::UserAgent;
use Mojo::WebSocket qw(WS_BINARY WS_CONTINUATION WS_PING WS_PONG WS_TEXT);
use Mojolicious;

$| = 1;

sub play {
    my ($session, $seen) = @_;
    my ($ws, $late, @events);
    my $next = sub {
        Mojo::IOLoop->one_tick until @events || $late;
        return $late ? ['silent'] : shift @events;
    };
    my $timer = Mojo::IOLoop->timer(30 => sub { $late = 1 });
    my $ua = Mojo::UserAgent->new;
    my $fields = $session->{deflate} ? {'Sec-WebSocket-Extensions' => 'permessage-deflate'} : {};
    $ua->websocket($session->{url} => $fields => $session->{subprotocols} => sub {
        my ($ua, $tx) = @_;
        return push @events, ['refused', 0 + $tx->res->code, $tx->res->text] unless $tx->is_websocket;
        $ws = $tx;
        $tx->on(text => sub { push @events, ['text', decode('UTF-8', $_[1])] });
        $tx->on(binary => sub { push @events, ['binary', b64_encode($_[1], '')] });
        $tx->on(frame => sub { push @events, ['pong', $_[1][5]] if $_[1][4] == WS_PONG });
        $tx->on(finish => sub { push @events, ['close', $_[1], $_[2]] });
        push @events, ['open'];
    });
    my $first = $next->();
    return push @$seen, $first unless $first->[0] eq 'open';
    my $frame = sub { my $sent; $ws->send([@_] => sub { $sent = 1 }); Mojo::IOLoop->one_tick until $sent || $late };
    my $is_closing;
    for my $step (@{$session->{steps}}) {
        my ($verb, @values) = @$step;
        if ($verb eq 'text') { $ws->send($values[0]) }
        elsif ($verb eq 'binary') { $ws->send({binary => b64_decode($values[0])}) }
        elsif ($verb eq 'fragments') {
            my @pieces = @{$values[0]};
            for my $at (0 .. $#pieces) {
                $frame->($at == $#pieces ? 1 : 0, 0, 0, 0, $at ? WS_CONTINUATION : WS_TEXT, encode('UTF-8', $pieces[$at]));
            }
        }
        elsif ($verb eq 'ping') {
            $ws->send([1, 0, 0, 0, WS_PING, $values[0]]);
            push @$seen, $next->();
        }
        elsif ($verb eq 'next') {
            push @$seen, $next->();
            return if $seen->[-1][0] =~ /close|silent/;
        }
        elsif ($verb eq 'subprotocol') { push @$seen, ['subprotocol', $ws->protocol] }
        elsif ($verb eq 'close') { $ws->finish(@values); $is_closing = 1 }
    }
    $ws->finish unless $is_closing;
    1 until $next->()->[0] =~ /close|silent/;
    Mojo::IOLoop->remove($timer);
}

say encode_json({version => Mojolicious->VERSION});
while (my $line = <STDIN>) {
    my @seen;
    eval { play(decode_json($line), \@seen); 1 } or push @seen, ['error', "$@"];
    say encode_json(\@seen);
}
