# Drives Ruby's faye-websocket: reads a session in a line of JSON, plays it, and prints in a line what was seen, until there are no
# more lines. EventMachine runs in a thread of its own.

require "eventmachine"
require "faye/websocket"
require "json"
require "timeout"

$stdout.sync = true

class Cannot < StandardError; end

class Session
  def initialize(session)
    raise Cannot, "deflate" if session["deflate"]
    @events = Queue.new
    EM.schedule do
      @ws = Faye::WebSocket::Client.new(session["url"], session["subprotocols"])
      @ws.on(:open) { @events << ["open"] }
      @ws.on(:message) do |event|
        data = event.data
        @events << (data.is_a?(String) ? ["text", data] : ["binary", [data.pack("C*")].pack("m0")])
      end
      @ws.on(:close) { |event| @events << ["close", event.code, event.reason] }
    end
  end

  def next = @events.pop

  def send(data) = EM.schedule { @ws.send(data) }

  def ping(payload)
    EM.schedule { @ws.ping(payload) { @events << ["pong", payload] } }
    self.next
  end

  def subprotocol = @ws.protocol

  def close(*reason) = EM.schedule { @ws.close(*reason) }
end

def play(asked, seen)
  ws = Session.new(asked)
  first = ws.next
  # A refusal is a session that was closed before it was open.
  return seen << first unless first == ["open"]
  is_closing = false
  asked["steps"].each do |verb, *values|
    case verb
    when "text" then ws.send(values[0])
    when "binary" then ws.send(values[0].unpack1("m0").bytes)
    when "ping" then seen << ws.ping(values[0])
    when "subprotocol" then seen << ["subprotocol", ws.subprotocol]
    when "next"
      seen << ws.next
      return if seen.last[0] == "close"
    when "close"
      ws.close(*values)
      is_closing = true
    else raise Cannot, verb
    end
  end
  ws.close unless is_closing
  nil until ws.next[0] == "close"
end

Thread.new { EM.run }
sleep 0.01 until EM.reactor_running?
puts JSON.generate("version" => Gem::Specification.find_by_name("faye-websocket").version.to_s)
STDIN.each_line do |line|
  seen = []
  begin
    Timeout.timeout(30) { play(JSON.parse(line), seen) }
  rescue Cannot => error
    seen << ["cannot", error.message]
  rescue Timeout::Error
    seen << ["silent"]
  rescue StandardError => error
    seen << ["error", "#{error.class}: #{error.message}"]
  end
  puts JSON.generate(seen)
end
