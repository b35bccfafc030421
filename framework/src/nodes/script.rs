//! What Redis does in one step: scripts, and the keys they are about.
//!
//! All keys begin with the same base `p`, and lie in one slot of a cluster by it:
//!
//! | key | |
//! |---|---|
//! | `epoch` | hash: `id`, and `settled` once nodes have been waited for |
//! | `settling` | there while nodes register anew: nothing is sent meanwhile |
//! | `nodes` | set of all nodes |
//! | `lease:` node | there while the node lives |
//! | `ended:` node | there while one that has come to its end may still read its inbox |
//! | `node:` node | hash: `seq` and `refused`, the last number it has sent, and the last of those that were refused; `changes`, the last number of its news; `added` and `bytes`, what was put into its inbox so far; `read` and `read_bytes`, what it has read; `ended`, once others have found that it does not live |
//! | `inbox:` node | stream of what it has to read |
//! | `rooms:` node | set of the rooms with members there |
//! | `room:` room | set of the nodes with members in it |
//! | `in:` node `:` room | set of the members |
//!
//! Numbers are checked first, so that a script which an old connection still carries does nothing any more.

use std::sync::OnceLock;

use super::connection::Connection;
use redis::{Cmd, ErrorKind, RedisResult, Script as Hashed, ServerErrorKind, Value};

/// A script, which Redis may know already.
pub(super) struct Script {
    pub(super) code: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    const fn new(code: &'static str) -> Script {
        Script { code, hash: OnceLock::new() }
    }

    /// Runs it. `fill` adds the arguments.
    pub(super) async fn run(
        &self,
        connection: &Connection,
        key: &str,
        fill: impl Fn(&mut Cmd),
    ) -> RedisResult<Value> {
        let hash = self.hash.get_or_init(|| Hashed::new(self.code).get_hash().to_owned());
        let mut connection = connection.clone();
        let command = |name: &str, code: &str| {
            let mut command = redis::cmd(name);
            command.arg(code).arg(1).arg(key);
            fill(&mut command);
            command
        };
        match command("EVALSHA", hash).query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                command("EVAL", self.code).query_async(&mut connection).await
            }
            answer => answer,
        }
    }
}

/// What comes first in an answer. Any other: the node has no lease, or the epoch is another, so that it must register anew.
pub(super) mod status {
    /// It was done.
    pub(in crate::nodes) const DONE: i64 = 0;
    /// Nodes are registering anew; the time follows, in milliseconds.
    pub(in crate::nodes) const SETTLING: i64 = 2;
    /// Redis has forgotten what it has taken.
    pub(in crate::nodes) const FORGOTTEN: i64 = 3;
}

/// What became of a message, beside numbers of members.
pub(super) mod fate {
    /// It was taken when it was sent before.
    pub(in crate::nodes) const KNOWN: i64 = -1;
    /// It was sent before, and it, or one after it, was refused then.
    pub(in crate::nodes) const DOUBTFUL: i64 = -2;
    /// The inbox of a node is full.
    pub(in crate::nodes) const FULL: i64 = -3;
    /// A key is not what it should be.
    pub(in crate::nodes) const SPOILED: i64 = -4;
}

/// Arguments of all but `REGISTER`: base, node, epoch; then those that are named.
macro_rules! of_a_node {
    ($code:literal) => {
        concat!(
            "local p, node = ARGV[1], ARGV[2]\n",
            "if redis.call('HGET', KEYS[1], 'id') ~= ARGV[3] or redis.call('EXISTS', p .. 'lease:' .. node) == 0 then return {1} end\n",
            $code
        )
    };
}

/// base, node, fresh epoch, epoch before, 1 to end that, 1 to settle, milliseconds to settle, lease, the last numbers sent if the
/// epoch is another and if it is not, node before. Gives the epoch.
pub(super) static REGISTER: Script = Script::new(
    r"
local p, node = ARGV[1], ARGV[2]
local epoch = redis.call('HGET', KEYS[1], 'id')
if not epoch or (ARGV[5] == '1' and epoch == ARGV[4]) then
  epoch = ARGV[3]
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'id', epoch)
end
local is_other = ARGV[4] ~= '' and ARGV[4] ~= epoch
if ARGV[6] == '1' or is_other and redis.call('HSETNX', KEYS[1], 'settled', '1') == 1 then
  redis.call('SET', p .. 'settling', '1', 'PX', ARGV[7], 'NX')
end
if ARGV[11] ~= '' then redis.call('DEL', p .. 'lease:' .. ARGV[11]) end
redis.call('SADD', p .. 'nodes', node)
redis.call('HSET', p .. 'node:' .. node, 'seq', is_other and ARGV[9] or ARGV[10])
redis.call('SET', p .. 'lease:' .. node, '1', 'PX', ARGV[8])
return epoch
",
);

/// lease, number of these news; then room, member, 1 for in or 0 for out, and so on.
pub(super) static CHANGE: Script = Script::new(of_a_node!(
    r"
redis.call('PEXPIRE', p .. 'lease:' .. node, ARGV[4])
local own = p .. 'node:' .. node
if tonumber(ARGV[5]) <= tonumber(redis.call('HGET', own, 'changes') or '0') then return {0} end
redis.call('HSET', own, 'changes', ARGV[5])
for i = 6, #ARGV, 3 do
  local room = ARGV[i]
  local members = p .. 'in:' .. node .. ':' .. room
  if ARGV[i + 2] == '1' then
    redis.pcall('SADD', members, ARGV[i + 1])
    redis.pcall('SADD', p .. 'room:' .. room, node)
    redis.pcall('SADD', p .. 'rooms:' .. node, room)
  else
    redis.pcall('SREM', members, ARGV[i + 1])
    if redis.call('EXISTS', members) == 0 then
      redis.pcall('SREM', p .. 'room:' .. room, node)
      redis.pcall('SREM', p .. 'rooms:' .. node, room)
    end
  end
end
return {0}
"
));

/// bytes that may wait in an inbox; then number, head, room, payload, and so on.
pub(super) static PUBLISH: Script = Script::new(of_a_node!(
    r"
local settling = redis.call('PTTL', p .. 'settling')
if settling > 0 then return {2, settling} end
local own = p .. 'node:' .. node
local last = tonumber(redis.call('HGET', own, 'seq'))
if not last then return {1} end
if tonumber(ARGV[5]) > last + 1 then return {3} end
local limit, alive, answer = tonumber(ARGV[4]), {}, {0}
for i = 5, #ARGV, 4 do
  local number, room, payload = tonumber(ARGV[i]), ARGV[i + 2], ARGV[i + 3]
  local fate = 0
  if number <= last then
    fate = -1
    if number <= tonumber(redis.call('HGET', own, 'refused') or '0') then fate = -2 end
  else
    last = number
    redis.call('HSET', own, 'seq', ARGV[i])
    local size, to = #payload + #room + 128, {}
    local nodes = redis.pcall('SMEMBERS', p .. 'room:' .. room)
    if nodes.err then
      nodes, fate = {}, -4
    end
    for _, other in ipairs(nodes) do
      if other ~= node then
        if alive[other] == nil then alive[other] = redis.call('EXISTS', p .. 'lease:' .. other) == 1 end
        if alive[other] then
          local waiting = redis.call('HMGET', p .. 'node:' .. other, 'bytes', 'read_bytes')
          waiting = (tonumber(waiting[1]) or 0) - (tonumber(waiting[2]) or 0)
          if waiting > 0 and waiting + size > limit then fate = -3 end
          to[#to + 1] = other
        end
      end
    end
    if fate == 0 then
      for _, other in ipairs(to) do
        local inbox, its = p .. 'inbox:' .. other, p .. 'node:' .. other
        local count, bytes = redis.call('HINCRBY', its, 'added', 1), redis.call('HINCRBY', its, 'bytes', size)
        local added = redis.pcall('XADD', inbox, '*', 'n', count, 'b', bytes, 'h', ARGV[i + 1], 'r', room, 'p', payload)
        local members = redis.pcall('SCARD', p .. 'in:' .. other .. ':' .. room)
        if type(added) == 'table' and added.err or type(members) == 'table' then
          fate = -4
        elseif fate >= 0 then
          fate = fate + members
        end
      end
    end
    if fate < 0 then redis.call('HSET', own, 'refused', ARGV[i]) end
  end
  answer[#answer + 1] = fate
end
return answer
"
));

/// lease. Gives the last number sent, and the last number of news, then each node that lives, how much was put into its inbox, and how much it has read. Of those
/// that have not for another lease, takes some of what they have left.
pub(super) static BEAT: Script = Script::new(of_a_node!(
    r"
redis.call('PEXPIRE', p .. 'lease:' .. node, ARGV[4])
local own = redis.call('HMGET', p .. 'node:' .. node, 'seq', 'changes')
local answer = {0, tonumber(own[1] or '0'), tonumber(own[2] or '0')}
for _, other in ipairs(redis.call('SMEMBERS', p .. 'nodes')) do
  if redis.call('EXISTS', p .. 'lease:' .. other) == 1 then
    local counts = redis.call('HMGET', p .. 'node:' .. other, 'added', 'read')
    answer[#answer + 1] = other
    answer[#answer + 1] = tonumber(counts[1] or '0')
    answer[#answer + 1] = tonumber(counts[2] or '0')
  elseif redis.pcall('HSETNX', p .. 'node:' .. other, 'ended', '1') == 1 then
    redis.pcall('SET', p .. 'ended:' .. other, '1', 'PX', ARGV[4])
  elseif redis.call('EXISTS', p .. 'ended:' .. other) == 0 then
    local rooms = redis.call('SPOP', p .. 'rooms:' .. other, 1000)
    for _, room in ipairs(rooms) do
      redis.pcall('SREM', p .. 'room:' .. room, other)
      redis.call('DEL', p .. 'in:' .. other .. ':' .. room)
    end
    if #rooms < 1000 then
      redis.call('DEL', p .. 'node:' .. other, p .. 'inbox:' .. other, p .. 'rooms:' .. other)
      redis.call('SREM', p .. 'nodes', other)
    end
  end
end
return answer
"
));

/// numbers and bytes read so far, and the last id. Gives how much was put into the inbox.
pub(super) static READ: Script = Script::new(of_a_node!(
    r"
local own, inbox = p .. 'node:' .. node, p .. 'inbox:' .. node
redis.call('HSET', own, 'read', ARGV[4], 'read_bytes', ARGV[5])
if ARGV[6] ~= '0-0' then
  redis.pcall('XTRIM', inbox, 'MINID', ARGV[6])
  redis.pcall('XDEL', inbox, ARGV[6])
end
return {0, tonumber(redis.call('HGET', own, 'added') or '0')}
"
));

/// room. Gives how many are in it on other nodes.
pub(super) static COUNT: Script = Script::new(of_a_node!(
    r"
local count = 0
for _, other in ipairs(redis.call('SMEMBERS', p .. 'room:' .. ARGV[4])) do
  if other ~= node and redis.call('EXISTS', p .. 'lease:' .. other) == 1 then
    count = count + redis.call('SCARD', p .. 'in:' .. other .. ':' .. ARGV[4])
  end
end
return {0, count}
"
));

/// room. Gives those who are in it on other nodes.
pub(super) static MEMBERS: Script = Script::new(of_a_node!(
    r"
local answer = {0}
for _, other in ipairs(redis.call('SMEMBERS', p .. 'room:' .. ARGV[4])) do
  if other ~= node and redis.call('EXISTS', p .. 'lease:' .. other) == 1 then
    for _, member in ipairs(redis.call('SMEMBERS', p .. 'in:' .. other .. ':' .. ARGV[4])) do
      answer[#answer + 1] = member
    end
  end
end
return answer
"
));

/// The node goes; what it leaves behind is taken by others.
pub(super) static LEAVE: Script = Script::new(of_a_node!(
    r"
redis.call('DEL', p .. 'lease:' .. node)
return {0}
"
));
