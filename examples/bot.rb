# The careful bot on redis-rb. `ruby bot.rb NAME EXCHANGE SHOWNAME` (Debian: ruby-redis)
require "json"
require "redis"
require "securerandom"

STALE_STATUS = 3_000 # ms: an older status says nothing
STALE_BOOK = 60_000 # ms: an older book is no data
LIMIT = 20.0 # seconds any answer may take

def now_ms = (Time.now.to_f * 1000).to_i

def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# One thread listens; what it hears waits in a queue.
class Gateway
  attr_reader :redis

  def initialize(name)
    @name = name
    @address = { host: ENV.fetch("REDIS_HOST", "127.0.0.1"), port: ENV.fetch("REDIS_PORT", "6379").to_i }
    @redis = Redis.new(**@address)
    @heard = Queue.new
  end

  def listen(*channels)
    ready = Queue.new
    Thread.new do
      Redis.new(**@address, timeout: 0).subscribe(*channels) do |on|
        on.subscribe { |channel, _| ready << channel }
        on.message { |channel, text| @heard << [channel, JSON.parse(text)] }
      end
    end
    channels.each { ready.pop }
  end

  # The first message for which the block is true; what came before it is let go.
  def await(what)
    deadline = monotonic + LIMIT
    while monotonic < deadline
      begin
        channel, content = @heard.pop(true)
        return content if yield(channel, content)
      rescue ThreadError
        sleep 0.005
      end
    end
    abort "no #{what} within #{LIMIT} s"
  end

  # Send a command; its acknowledgement. A refusal ends the bot: it has had no effect.
  def command(cmd, **params)
    id = SecureRandom.uuid
    @redis.publish("IBGateway:#{@name}:CMD", JSON.generate({ id: id, cmd: cmd, params: params }))
    ack = await("ack of #{cmd}") { |_, m| m.is_a?(Hash) && m["type"] == "ack" && m["id"] == id }
    abort "#{cmd} refused: #{ack['err']}" unless ack["ok"]
    ack
  end

  def wait_until(what)
    deadline = monotonic + LIMIT
    until yield
      abort what if monotonic > deadline
      sleep 0.1
    end
  end

  # Status true and fresh. If it is not, nothing else may be believed.
  def well?
    status, t = JSON.parse(@redis.get("IBGateway:#{@name}:status") || "[false, 0]")
    status && now_ms - t < STALE_STATUS
  end
end

abort "usage: bot.rb NAME EXCHANGE SHOWNAME" unless ARGV.size == 3
name, exchange, show_name = ARGV
gateway = Gateway.new(name)
market = "URANUS:#{exchange}:#{name}:O_channel"
gateway.listen("IBGateway:#{name}:ACK", market)
gateway.wait_until("the gateway is not well") { gateway.well? }
channel = gateway.command("SUB_ODBK", exchange: exchange, showName: show_name)["channel"]
gateway.listen(channel)
gateway.wait_until("the orders of #{exchange} cannot be trusted") { gateway.redis.get("URANUS:#{exchange}:#{name}:OMS") == "1" }
bids, asks, = gateway.await("book") do |heard, book|
  heard == channel && !book[0].empty? && !book[1].empty? && now_ms - book[2] < STALE_BOOK
end
puts "#{channel}: #{bids[0]['p']} x #{bids[0]['s']} / #{asks[0]['p']} x #{asks[0]['s']}"

oid = "bot-#{SecureRandom.uuid}"
# The book's last level is below the market, and on the contract's tick by itself.
order = { T: "buy", s: ENV.fetch("SIZE", "1000").to_i, p: bids[-1]["p"], client_oid: oid, tif: "DAY" }
gateway.command("PLACE_ORDER", exchange: exchange, showName: show_name, order: order)
# The order may have been told before its ack was heard: the hash has it in any case.
hash = "URANUS:#{exchange}:#{name}:O:#{show_name}"
told = nil
gateway.wait_until("no order within #{LIMIT} s") do
  text = gateway.redis.hget(hash, oid)
  told = JSON.parse(text) if text
  told && told["alive"]
end
puts "order #{told['i']} #{told['status']}: #{told['s']} at #{told['p']}"
gateway.command("CANCEL_ORDER", client_oid: oid)
gateway.wait_until("no end of the order within #{LIMIT} s") do
  told = JSON.parse(gateway.redis.hget(hash, oid))
  !told["alive"]
end
puts "order #{told['i']} #{told['status']}, executed #{told['executed']}"
