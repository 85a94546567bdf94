%% What is measured of OTP: one supervisor with a gen_server for each child. `run` prints lines of the form `name number`.
-module(bench_tree).
-behaviour(supervisor).
-export([run/1, init/1]).

run([Measure, Count | Effort]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    try measure(Measure, list_to_integer(Count), [list_to_integer(N) || N <- Effort]) of
        _ -> halt(0)
    catch
        _:Why:Where -> io:format(standard_error, "~p~n~p~n", [Why, Where]), halt(1)
    end.

%% The specs are made in the supervisor, as users do, and before the clock starts.
init({Caller, Flags, Count, Argument}) ->
    Specs = [#{id => Id, start => {bench_child, start_link, [argument(Id, Argument)]}} || Id <- lists:seq(1, Count)],
    Caller ! {begun, now_us()},
    {ok, {Flags, Specs}}.

%% Only the children of these numbers tell of their starts.
argument(Id, {telling, Counts, Telling}) ->
    case Telling of
        #{Id := Pid} -> {Counts, Pid};
        _ -> {Counts, undefined}
    end;
argument(_, Counts) -> {Counts, undefined}.

start(Flags, Count, Argument) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {self(), Flags, Count, Argument}),
    Started = now_us(),
    receive {begun, Begun} -> {Supervisor, Started - Begun} end.

stop(Supervisor) ->
    Begun = now_us(),
    Monitor = monitor(process, Supervisor),
    exit(Supervisor, shutdown),
    receive {'DOWN', Monitor, process, _, _} -> ok end,
    receive {'EXIT', Supervisor, _} -> ok end,
    now_us() - Begun.

measure("start-stop", Count, [Warmups, Repeats]) ->
    [start_stop(Count, Index > Warmups) || Index <- lists:seq(1, Warmups + Repeats)];
measure("heap", Count, _) ->
    Counts = counters:new(2, []),
    Empty = settled(),
    {Supervisor, _} = start(#{}, Count, Counts),
    Running = settled(),
    Count = counters:get(Counts, 1),
    {_, Child, _, _} = hd(supervisor:which_children(Supervisor)),
    {memory, Process} = process_info(Child, memory),
    print("bytes", (Running - Empty) / Count),
    print("process", Process * 1.0);
measure("restart", Count, _) -> crashes(#{}, Count, 1);
measure("group", Count, _) -> crashes(#{strategy => one_for_all}, Count, Count);
measure("ask", _, _) ->
    {ok, Pid} = bench_child:start_link({counters:new(2, []), undefined}),
    [asks(Pid, 50000, Index > 2) || Index <- lists:seq(1, 7)].

start_stop(Count, IsKept) ->
    Counts = counters:new(2, []),
    {Supervisor, Start} = start(#{}, Count, Counts),
    Count = counters:get(Counts, 1),
    Stop = stop(Supervisor),
    Count = counters:get(Counts, 2),
    IsKept andalso begin
        print("start", Start / Count),
        print("stop", Stop / Count),
        print("both", (Start + Stop) / Count)
    end.

%% The one in the middle is killed. It and, of a group, the last tell when they are there again. Within two seconds the supervisor's
%% list of restarts is empty, so that no batch measures a storm.
crashes(Flags, Count, Restarted) ->
    Counts = counters:new(2, []),
    Victim = Count div 2 + 1,
    Telling = case Restarted of 1 -> [Victim]; _ -> [Victim, Count] end,
    Argument = {telling, Counts, maps:from_keys(Telling, self())},
    {Supervisor, _} = start(Flags#{intensity => 1000000, period => 1}, Count, Argument),
    Times = batches(4, {Supervisor, Victim, Counts, Restarted, length(Telling)}, told(length(Telling))),
    print("p50", lists:nth(length(Times) div 2, lists:sort(Times))).

batches(0, _, _) -> [];
batches(Number, Group, Pid) ->
    timer:sleep(2100),
    {Times, Next} = lists:mapfoldl(fun(_, Now) -> crash(Now, Group) end, Pid, lists:seq(1, 40)),
    lists:nthtail(10, Times) ++ batches(Number - 1, Group, Next).

crash(Pid, {Supervisor, Victim, Counts, Restarted, Telling}) ->
    Before = counters:get(Counts, 1),
    Begun = now_us(),
    exit(Pid, kill),
    Next = told(Telling),
    Time = now_us() - Begun,
    %% Answered after the restart is done.
    {ok, _} = supervisor:get_childspec(Supervisor, Victim),
    Restarted = counters:get(Counts, 1) - Before,
    {Time, Next}.

%% The victim tells first.
told(Telling) ->
    [Pid | _] = [receive {ready, Pid} -> Pid end || _ <- lists:seq(1, Telling)],
    Pid.

asks(Pid, Count, IsKept) ->
    Begun = now_us(),
    Sum = sum(Pid, Count, 0),
    Answered = now_us(),
    Sums = lists:sum([in_flight(Pid, 1000) || _ <- lists:seq(1, Count div 1000)]),
    Done = now_us(),
    Sum = Count * (Count + 1) div 2 + Count,
    Sums = (Count div 1000) * (1000 * 1001 div 2 + 1000),
    IsKept andalso begin
        print("ask", (Answered - Begun) / Count),
        print("asks", (Done - Answered) / Count)
    end.

sum(_, 0, Sum) -> Sum;
sum(Pid, Number, Sum) -> sum(Pid, Number - 1, Sum + gen_server:call(Pid, {add, Number}, 1000)).

in_flight(Pid, Count) ->
    Requests = [gen_server:send_request(Pid, {add, Number}) || Number <- lists:seq(1, Count)],
    lists:sum([begin {reply, Answer} = gen_server:receive_response(Request, 1000), Answer end || Request <- Requests]).

settled() ->
    [erlang:garbage_collect(Pid) || Pid <- processes()],
    erlang:memory(total).

now_us() -> erlang:monotonic_time(nanosecond) / 1000.

print(Name, Number) -> io:format("~s ~.4f~n", [Name, Number]).
