%% Runs a script of the conformance language on Erlang/OTP's own supervisor and prints the canonical trace. What is gated or waits
%% for real time is left out: random scripts need neither. Usage: erl -noshell -pa DIR -s oracle main -extra FILE...
-module(oracle).
-export([main/0, start_worker/1, start_worker/2, start_sup/1, start_sup/2, init/1, log/2]).
-export([handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).

main() ->
    logger:set_primary_config(level, error),
    logger:remove_handler(default),
    ok = logger:add_handler(?MODULE, ?MODULE, #{}),
    erlang:trace_pattern({erlang, exit, 2}, true, []),
    lists:foreach(fun run/1, init:get_plain_arguments()),
    halt(0).

run(File) ->
    {ok, Text} = file:read_file(File),
    io:format("## ~s~n", [filename:basename(File)]),
    {Pid, Ref} = spawn_monitor(fun() -> script(string:lexemes(binary_to_list(Text), "\n")) end),
    receive {'DOWN', Ref, process, Pid, normal} -> io:format("## end~n");
            {'DOWN', Ref, process, Pid, Why} -> io:format("## failed ~0p~n", [Why]), halt(2) end.

%% db: what is declared and who is who; journal: events by time.
script(Lines) ->
    process_flag(trap_exit, true),
    ets:new(db, [named_table, public]),
    ets:new(journal, [named_table, public, ordered_set]),
    Tracer = spawn_link(fun tracer/0),
    put_(tracer, Tracer),
    lists:foreach(fun(Line) -> statement(string:lexemes(Line, " "), Line) end, Lines),
    [exit(Pid, kill) || {{name, Pid}, _} <- ets:tab2list(db)],
    unlink(Tracer), exit(Tracer, kill).

get_(Key, Default) -> case ets:lookup(db, Key) of [{_, Value}] -> Value; [] -> Default end.
put_(Key, Value) -> ets:insert(db, {Key, Value}).
note(Event) -> ets:insert(journal, {{erlang:monotonic_time(), erlang:unique_integer([monotonic])}, Event}).

tracer() ->
    receive
        {trace_ts, Pid, exit, Why, At} -> ets:insert(journal, {At, {gone, Pid, Why}});
        {trace_ts, Sup, call, {erlang, exit, [Pid, Why]}, At} -> ets:insert(journal, {At, {asked, Sup, Pid, Why}});
        {flushed, From} -> From ! flushed;
        _ -> ok
    end,
    tracer().

%% --- declarations

statement(["#" ++ _ | _], _) -> ok;
statement(["sup", Id | Words], _) -> put_({flags, a(Id)}, maps:from_list([{a(K), t(V)} || {K, V} <- pairs(Words)]));
statement(["child", Parent, Id | Words], _) ->
    behave(a(Id), Words),
    Spec = lists:foldl(fun spec_word/2, #{id => a(Id), start => {?MODULE, start_worker, [a(Id)]}}, pairs(Words)),
    put_({spec, a(Id)}, Spec),
    Parent =:= "-" orelse put_({children, a(Parent)}, get_({children, a(Parent)}, []) ++ [a(Id)]);
statement(["behave", Id | Words], _) -> behave(a(Id), Words);
statement(Command, Line) ->
    io:format("> ~s~n", [Line]),
    Reply = do(Command),
    quiesce(3),
    print(),
    Reply =:= none orelse io:format("= ~s~n", [say(Reply)]).

spec_word({"type", "supervisor"}, #{id := Id} = Spec) -> Spec#{type => supervisor, start => {?MODULE, start_sup, [Id]}};
spec_word({K, _}, Spec) when K =:= "start"; K =:= "stop" -> Spec;
spec_word({K, V}, Spec) -> Spec#{a(K) => t(V)}.

behave(Id, Words) ->
    [put_({plan, Id}, [entry(E) || E <- string:lexemes(V, ",")]) || {"start", V} <- pairs(Words)],
    [put_({mode, Id}, word(V)) || {"stop", V} <- pairs(Words)].

entry(E) -> case lists:last(E) of $* -> {always, word(lists:droplast(E))}; _ -> word(E) end.
word(W) -> case string:split(W, ":") of [K, V] -> {a(K), t(V)}; [K] -> a(K) end.
pairs(Words) -> [list_to_tuple(string:split(W, "=")) || W <- Words].
a(S) -> list_to_atom(S).
t(S) -> {ok, Tokens, _} = erl_scan:string(S ++ "."), {ok, Term} = erl_parse:parse_term(Tokens), Term.

%% --- commands

do(["start", Id]) -> start_sup(a(Id));
do(["stop", Id]) -> exit(who(Id), shutdown), none;
do(["crash", Id, Why]) -> who(Id) ! {die, t(Why)}, none;
do(["kill", Id]) -> exit(who(Id), kill), none;
do(["start_child", Sup, "@" ++ Label]) -> call(Sup, start_child, [[a(Label)]]);
do(["start_child", Sup, Id]) -> call(Sup, start_child, [get_({spec, a(Id)}, none)]);
do(["terminate_child", Sup, "@" ++ Label]) -> call(Sup, terminate_child, [who(Label)]);
do(["which_children", Sup]) ->
    case call(Sup, which_children, []) of L when is_list(L) -> [{I, P, T} || {I, P, T, _} <- L]; E -> E end;
do(["get_childspec", Sup, Id]) ->
    case call(Sup, get_childspec, [a(Id)]) of {ok, M} -> {ok, maps:to_list(maps:without([start, modules], M))}; E -> E end;
do(["count_children", Sup]) -> call(Sup, count_children, []);
do([Verb, Sup, Id]) -> call(Sup, a(Verb), [a(Id)]).

call(Sup, Verb, Args) ->
    try apply(supervisor, Verb, [who(Sup) | Args]) catch exit:{Why, _} -> {call_exit, Why} end.

%% Who never was is as good as dead.
who(Id) -> case get_({pid, a(Id)}, none) of none -> dead(); Pid -> Pid end.
dead() -> Pid = spawn(fun() -> ok end), Ref = monitor(process, Pid), receive {'DOWN', Ref, _, _, _} -> Pid end.

%% --- starting, in the supervisor's process

start_sup(Id) -> start_sup(Id, Id).
start_sup(Template, Id) ->
    begins(Id, fun(Name, Entry) ->
        case Entry of
            {error, _} = Error -> ends(Name, Error);
            ignore -> ends(Name, ignore);
            _ -> ends(Name, supervisor:start_link(?MODULE, {sup, Template, Id, Name}))
        end end).

start_worker(Id) -> start_worker(Id, Id).
start_worker(_Template, Id) ->
    begins(Id, fun(Name, Entry) ->
        case Entry of
            {bad, Term} -> note({start_failed, self(), Name, {bad_return, Term}}), Term;
            {throwing, Why} -> note({start_failed, self(), Name, {exception, Why}}), exit(Why);
            info -> {ok, Pid} = worker(Id, Name, ok), {ok, Pid, info};
            _ -> case worker(Id, Name, Entry) of {ok, _} = Ok -> Ok; Other -> ends(Name, Other) end
        end end).

begins(Id, Start) ->
    Name = {Id, ets:update_counter(db, {attempt, Id}, 1, {{attempt, Id}, 0})},
    note({starting, self(), Name}),
    Start(Name, next(Id)).

next(Id) ->
    case get_({plan, Id}, []) of
        [{always, Entry} | _] -> Entry;
        [Entry | Rest] -> put_({plan, Id}, Rest), Entry;
        [] -> ok
    end.

worker(Id, Name, Entry) -> gen_server:start_link(?MODULE, {worker, Id, Name, self(), Entry}, []).

ends(Name, {ok, _} = Ok) -> note({started, self(), Name}), Ok;
ends(Name, ignore) -> note({ignored, self(), Name}), ignore;
ends(Name, {error, Why} = Error) -> note({start_failed, self(), Name, Why}), Error.

born(Id, Name, Flags) ->
    put_({pid, Id}, self()), put_({name, self()}, Name),
    erlang:trace(self(), true, [strict_monotonic_timestamp, {tracer, get_(tracer, none)}, procs | Flags]).

%% --- callbacks

init({sup, Template, Id, Name}) ->
    born(Id, Name, [call]),
    Flags = get_({flags, Template}, #{}),
    put_({kind, self()}, maps:get(strategy, Flags, one_for_one)),
    {ok, {Flags, [get_({spec, Child}, none) || Child <- get_({children, Template}, [])]}};
init({worker, _, _, _, {error, Why}}) -> {stop, Why};
init({worker, _, _, _, {exit, Why}}) -> exit(Why);
init({worker, _, _, _, {raise, Why}}) -> error(Why);
init({worker, _, _, _, ignore}) -> ignore;
init({worker, Id, Name, Sup, Entry}) ->
    Mode = get_({mode, Id}, ok),
    process_flag(trap_exit, Mode =/= notrap),
    born(Id, Name, []),
    note({started, Sup, Name}),
    case Entry of {die, Why} -> {ok, Mode, {continue, Why}}; _ -> {ok, Mode} end.

handle_continue(Why, _) -> {stop, Why, dying}.
handle_call(ping, _, Mode) -> {reply, pong, Mode}.
handle_cast(_, Mode) -> {noreply, Mode}.
handle_info({die, Why}, _) -> {stop, Why, dying};
handle_info(_, Mode) -> {noreply, Mode}.

terminate(_, {delay, Ms}) -> timer:sleep(Ms);
terminate(_, {reason, Why}) -> exit(Why);
terminate(_, _) -> ok.

log(#{msg := {report, #{label := {supervisor, Context}, report := Report}}}, _) ->
    Offender = proplists:get_value(offender, Report, []),
    ets:info(journal) =:= undefined orelse
        note({report, self(), Context, proplists:get_value(id, Offender), proplists:get_value(pid, Offender), proplists:get_value(reason, Report)});
log(_, _) -> ok.

%% --- quiet: so many rounds in a row in which everybody has answered and nothing has happened

quiesce(0) -> ok;
quiesce(Rounds) ->
    Before = ets:info(journal, size),
    Busy = lists:any(fun busy/1, [Pid || {{name, Pid}, _} <- ets:tab2list(db), is_process_alive(Pid)]),
    Ref = erlang:trace_delivered(all),
    receive {trace_delivered, all, Ref} -> ok end,
    get_(tracer, none) ! {flushed, self()},
    receive flushed -> ok end,
    case Busy orelse ets:info(journal, size) =/= Before of
        true -> timer:sleep(1), quiesce(3);
        false -> quiesce(Rounds - 1)
    end.

busy(Pid) ->
    try case get_({kind, Pid}, worker) of
            worker -> pong =/= gen_server:call(Pid, ping);
            _ -> lists:any(fun({_, P, _, _}) -> P =:= restarting end, supervisor:which_children(Pid))
        end
    catch _:_ -> true end.

%% --- printing

print() ->
    Lines = lists:append([line(Event) || {_, Event} <- ets:tab2list(journal)]),
    ets:delete_all_objects(journal),
    [[io:format("~s: ~s~n", [Stream, Text]) || Text <- runs([{O, T} || {S, O, T} <- Lines, S =:= Stream])]
     || Stream <- lists:usort([S || {S, _, _} <- Lines])].

runs([]) -> [];
runs([{any, _} | _] = Lines) -> {Any, Rest} = lists:splitwith(fun({O, _}) -> O =:= any end, Lines), lists:sort([T || {_, T} <- Any]) ++ runs(Rest);
runs([{_, Text} | Rest]) -> [Text | runs(Rest)].

line({starting, Sup, Name}) -> [in(Sup, "starting ~s", [name(Name)])];
line({started, Sup, Name}) -> put_({up, Name}, true), [in(Sup, "started ~s", [name(Name)])];
line({ignored, Sup, Name}) -> [in(Sup, "ignored ~s", [name(Name)])];
line({start_failed, Sup, Name, Why}) -> [in(Sup, "start_failed ~s ~s", [name(Name), say(Why)])];
line({asked, Sup, Pid, Why}) -> put_({asked, Pid}, Sup), [order(Sup, in(Sup, "stop_req ~s ~s", [name(Pid), say(Why)]))];
line({gone, Pid, Why}) ->
    case {get_({up, get_({name, Pid}, none)}, false), get_({asked, Pid}, none)} of
        {false, _} -> [];
        {true, none} -> [{"~life", any, text("exited ~s ~s", [name(Pid), say(Why)])}];
        {true, Sup} -> [order(Sup, in(Sup, "reaped ~s ~s", [name(Pid), say(Why)]))]
    end;
line({report, Sup, Context, Id, Pid, Why}) ->
    Who = case Pid of
        {restarting, Old} when is_pid(Old) -> name(Old) ++ "(restarting)";
        _ when is_pid(Pid) -> name(Pid);
        _ -> atom_to_list(Id)
    end,
    [in(Sup, "report ~s ~s ~s", [Context, Who, say(Why)])].

in(Sup, Format, Args) -> {case get_({name, Sup}, none) of none -> "driver"; Name -> name(Name) end, seq, text(Format, Args)}.
order(Sup, {S, _, T}) -> {S, case get_({kind, Sup}, worker) of simple_one_for_one -> any; _ -> seq end, T}.
name(Pid) when is_pid(Pid) -> name(get_({name, Pid}, {'?', 0}));
name({Id, Attempt}) -> text("~s#~w", [Id, Attempt]).
text(Format, Args) -> lists:flatten(io_lib:format(Format, Args)).

say(Term) -> lists:flatten(string:replace(string:replace(text("~0tp", [plain(Term)]), "'<", "<", all), ">'", ">", all)).

plain(Pid) when is_pid(Pid) -> list_to_atom("<" ++ name(Pid) ++ ">");
plain(Child) when element(1, Child) =:= child, tuple_size(Child) =:= 9 -> {childspec, element(3, Child)};
plain({Why, [{_, _, _, _} | _]}) -> {plain(Why), stack};
plain(Tuple) when is_tuple(Tuple) -> list_to_tuple([plain(E) || E <- tuple_to_list(Tuple)]);
plain([Head | Tail]) -> [plain(Head) | plain(Tail)];
plain(Term) -> Term.
